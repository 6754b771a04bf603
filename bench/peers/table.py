"""The comparison as Markdown: medians over the rounds, with their spread, and ratios within each round."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.peers.tool import Outcome
from gonogo.units import format_duration

__all__ = ["Round", "document"]

_OURS = "gonogo"


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement: in which round, of which tool, at which rate, and how busy the machine was just before."""

    number: int
    tool: str
    rate: float | None
    outcome: Outcome
    busy: float


def document(rounds: Sequence[Round], *, seconds: float, connections: int, absent: Sequence[str]) -> str:
    """Return the tables."""
    tools = list(dict.fromkeys(one.tool for one in rounds))
    parts = [_machine(rounds, seconds, connections, absent)]
    for rate in dict.fromkeys(one.rate for one in rounds):
        rows = {tool: [one for one in rounds if (one.tool, one.rate) == (tool, rate)] for tool in tools}
        rows = {tool: found for tool, found in rows.items() if found}
        parts.append(_closed(rows, seconds) if rate is None else _open(rows, rate, seconds))
    return "\n\n".join(parts) + "\n"


def _machine(rounds: Sequence[Round], seconds: float, connections: int, absent: Sequence[str]) -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().split("\n")
            if "model name" in line
        ),
        platform.machine(),
    )
    busy = [one.busy for one in rounds]
    numbers = {one.number for one in rounds}
    lines = [
        f"{os.cpu_count()} CPUs ({model}), Linux {platform.release()}, Python {platform.python_version()};",
        "nginx on one CPU, the generator on another.",
        f"Rounds: {len(numbers)}, each with {seconds:g} s for every tool, in turn;",
        f"{connections} connections in the closed loop.",
        "Medians, with lowest and highest in brackets; ratios are taken within each round.",
        "Just before a measurement, other programs used",
        f"{median(busy):.0%} of the CPUs (median; at most {max(busy):.0%}).",
    ]
    if absent:
        lines.append(f"Not installed, so not compared: {', '.join(absent)}.")
    return "\n".join(lines)


def _closed(rows: dict[str, list[Round]], seconds: float) -> str:
    lines = ["### Closed loop: the most answers per second", ""]
    lines += [
        "| tool | answers/s | gonogo is faster by | CPU time a request | p99 it reports |",
        "|---|---|---|---|---|",
    ]
    ours = {one.number: one.outcome.answers for one in rows.get(_OURS, [])}
    for tool, found in rows.items():
        answers = [one.outcome.answers / seconds for one in found]
        ratios = [ours[one.number] / max(1, one.outcome.answers) for one in found if one.number in ours]
        shown = _spread(ratios, "{:.3g} times") if tool != _OURS else ""
        costs = [one.outcome.cpu_s / max(1, one.outcome.answers) for one in found]
        p99 = [one.outcome.p99_s for one in found]
        lines.append(f"| {tool} | {_spread(answers, '{:,.0f}')} | {shown} | {_times(costs)} | {_times(p99)} |")
    return "\n".join(lines)


def _open(rows: dict[str, list[Round]], rate: float, seconds: float) -> str:
    lines = [f"### Open loop: {rate:,.0f} requests per second", ""]
    lines += [
        "| tool | answered of due | CPU time a request | p50 it reports | p99 it reports | says |",
        "|---|---|---|---|---|---|",
    ]
    for tool, found in rows.items():
        shares = [one.outcome.answers / (rate * seconds) for one in found]
        costs = [one.outcome.cpu_s / max(1, one.outcome.answers) for one in found]
        p50, p99 = [one.outcome.p50_s for one in found], [one.outcome.p99_s for one in found]
        notes = "; ".join(dict.fromkeys(one.outcome.note for one in found if one.outcome.note))
        lines.append(
            f"| {tool} | {_spread(shares, '{:.1%}')} | {_times(costs)} | {_times(p50)} | {_times(p99)} | {notes} |"
        )
    return "\n".join(lines)


def _spread(values: Sequence[float], form: str) -> str:
    known = sorted(value for value in values if not math.isnan(value))
    if not known:
        return ""
    middle, low, high = form.format(median(known)), form.format(known[0]), form.format(known[-1])
    return middle if low == high else f"{middle} ({low} to {high})"


def _times(values: Sequence[float]) -> str:
    known = sorted(value for value in values if not math.isnan(value))
    if not known:
        return ""
    middle, low, high = (format_duration(value) for value in (median(known), known[0], known[-1]))
    return middle if low == high else f"{middle} ({low} to {high})"

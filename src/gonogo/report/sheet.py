"""The sheet of a run: its summary as labelled figures, ready to be set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gonogo.gate.figure import figure
from gonogo.gate.judgment import ReplicaUsage, RunEntry
from gonogo.gate.sentence import rate_of
from gonogo.report.charts.outcomes import kind_of
from gonogo.report.portable import number
from gonogo.units import format_bytes, format_duration

__all__ = [
    "Line",
    "ReplicaLine",
    "RunFigures",
    "ShareLine",
    "allowed_lag",
    "cut_short",
    "headline",
    "outcome_lines",
    "run_figures",
    "run_lines",
    "usage_lines",
]

_LEAST_LAG_S: Final = 0.001
_LAG_SHARE: Final = 0.05
_LATENCIES: Final = {
    "min": "fastest",
    "mean": "mean",
    "p50": "p50",
    "p90": "p90",
    "p95": "p95",
    "p99": "p99",
    "p999": "p99.9",
    "max": "slowest",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A label and its figure as text."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ShareLine:
    """A status or a kind of failure: how many requests, which share, and the class that it is drawn in."""

    label: str
    count: str
    share: str
    kind: str


@dataclass(frozen=True, slots=True)
class ReplicaLine:
    """What one replica used, as texts."""

    replica: str
    cpu: str
    memory: str
    throttled: str
    restarts: int
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A run's figures that are compared with other runs', as texts."""

    name: str
    rate: str
    success: str
    p50: str
    p99: str
    p999: str


def run_figures(name: str, summary: Mapping[str, object]) -> RunFigures:
    """Return the figures of a summary that one run is compared with another by."""
    latency = _mapping(summary.get("latency_s"))
    p50, p99, p999 = (format_duration(number(latency.get(key))) for key in ("p50", "p99", "p999"))
    rate = figure(rate_of(summary), "/s") if rate_of(summary) > 0 else "unknown"
    return RunFigures(name, rate, figure(number(summary.get("success_ratio")), "share"), p50, p99, p999)


def run_lines(summary: Mapping[str, object]) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """Return the figures of a summary in named groups; what is not in it is left out."""
    latency = _mapping(summary.get("latency_s"))
    traffic = [
        _line("requests", summary.get("requests"), "count"),
        _line("due", summary.get("due"), "count"),
        _line("rate asked for", _mapping(summary.get("facts")).get("rate"), "/s"),
        _line("rate", summary.get("rate"), "/s"),
        _line("throughput", summary.get("throughput"), "/s"),
        _line("success", summary.get("success_ratio"), "share"),
        _line("left out as warm-up", _warmup(summary), "count"),
        _line("load lasted", summary.get("attack_s"), "s"),
        _line("waited for the last answer", summary.get("wait_s"), "s"),
        _bytes("sent", summary.get("bytes_out")),
        _bytes("received", summary.get("bytes_in")),
    ]
    answers = [_line(label, latency.get(key), "s") for key, label in _LATENCIES.items()]
    generator = [
        _line("lag p50", _mapping(summary.get("lag_s")).get("p50"), "s"),
        _line("lag p99", _mapping(summary.get("lag_s")).get("p99"), "s"),
        _line("lag, worst", _mapping(summary.get("lag_s")).get("max"), "s"),
        _line("queued for a connection, p99", _mapping(summary.get("queued_s")).get("p99"), "s"),
    ]
    groups = {"Traffic": traffic, "Latency of answered requests": answers, "Generator": generator}
    kept = {name: tuple(line for line in lines if line) for name, lines in groups.items()}
    return tuple((name, lines) for name, lines in kept.items() if lines)


def headline(summary: Mapping[str, object]) -> str:
    """Return the run in one line: ``60,000 requests at 1,000/s, success 99.98 %, answered p99 46 ms``."""
    parts = []
    requests, rate = number(summary.get("requests")), rate_of(summary)
    if math.isfinite(requests):
        parts.append(f"{figure(requests, 'count')} requests" + (f" at {figure(rate, '/s')}" if rate > 0 else ""))
    success = number(summary.get("success_ratio"))
    if math.isfinite(success):
        parts.append(f"success {figure(success, 'share')}")
    p99 = number(_mapping(summary.get("latency_s")).get("p99"))
    if not math.isnan(p99):
        parts.append(f"answered p99 {format_duration(p99)}")
    return ", ".join(parts)


def outcome_lines(summary: Mapping[str, object]) -> tuple[ShareLine, ...]:
    """Return statuses and kinds of failure with their counts and shares, the most frequent first."""
    counts = {
        str(label): number(count)
        for key in ("status", "errors")
        for label, count in _mapping(summary.get(key)).items()
        if number(count) > 0
    }
    due = number(summary.get("due"))
    whole = due if due > 0 else sum(counts.values())
    return tuple(
        ShareLine(label, figure(count, "count"), figure(count / whole, "share"), kind_of(label))
        for label, count in sorted(counts.items(), key=lambda item: -item[1])
    )


def usage_lines(entry: RunEntry) -> tuple[ReplicaLine, ...]:
    """Return what each replica used during the run."""
    lasted = number(entry.summary.get("attack_s")) + number(entry.summary.get("wait_s"))
    return tuple(_replica(usage, lasted) for usage in entry.usage)


def allowed_lag(summary: Mapping[str, object]) -> float:
    """Return the lag p99 in seconds above which a run is INVALID: 1 ms, or 5 % of its tightest latency limit."""
    tightest = number(_mapping(summary.get("facts")).get("tightest_limit_s"))
    return max(_LEAST_LAG_S, _LAG_SHARE * tightest) if tightest > 0 else _LEAST_LAG_S


def cut_short(summary: Mapping[str, object]) -> str:
    """Return why the run ended before its time; empty when it did not."""
    return str(_mapping(summary.get("facts")).get("cut_short") or "")


def _replica(usage: ReplicaUsage, lasted_s: float) -> ReplicaLine:
    cores = f"{figure(usage.cpu_s / lasted_s, 'count')} cores" if lasted_s > 0 else format_duration(usage.cpu_s)
    throttled = "unknown" if usage.throttled_s is None else format_duration(usage.throttled_s)
    return ReplicaLine(usage.replica, cores, format_bytes(usage.rss_max), throttled, usage.restarts, usage.limits)


def _line(label: str, value: object, unit: str) -> Line | None:
    known = number(value)
    return None if math.isnan(known) else Line(label, figure(known, unit))


def _warmup(summary: Mapping[str, object]) -> object:
    return _mapping(summary.get("facts")).get("warmup_requests") or None


def _bytes(label: str, value: object) -> Line | None:
    known = number(value)
    return Line(label, format_bytes(known)) if math.isfinite(known) else None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}

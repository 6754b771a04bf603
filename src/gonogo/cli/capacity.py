"""``gonogo capacity``: find the highest rate at which criteria hold, and the breaker's limits that follow."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from gonogo.cli.aim import targets_from, writable
from gonogo.cli.outcome import EXIT_STATUS
from gonogo.errors import UsageError
from gonogo.experiments.capacity import Capacity, CapacitySearch
from gonogo.experiments.capacity.advice import destination_rule, nginx_directives
from gonogo.gate.experiment import ExperimentEntry
from gonogo.gate.figure import figure
from gonogo.gate.judgment import CriterionEntry, RunEntry
from gonogo.manifests.host import Host
from gonogo.report.portable import portable
from gonogo.suite.load import Load
from gonogo.suite.recorder import RunPlace
from gonogo.verdicts.verdict import Outcome
from gonogo.wiring import bench, settings_here

__all__ = ["capacity"]


def capacity(
    expect: Annotated[
        list[str] | None, typer.Option(metavar="EXPR", help="What must hold, such as 'p99 < 50ms'; repeatable.")
    ] = None,
    url: Annotated[str, typer.Argument(help="URL to send requests to.")] = "",
    targets: Annotated[Path | None, typer.Option(metavar="FILE", help="Target file: what to send, in turn.")] = None,
    start: Annotated[float, typer.Option(metavar="N", help="The first rate, requests per second.")] = 50.0,
    most: Annotated[float, typer.Option(metavar="N", help="The highest rate that is tried.")] = 10_000.0,
    precision: Annotated[float, typer.Option(metavar="SHARE", help="How close the two ends come.")] = 0.1,
    step: Annotated[str, typer.Option(metavar="D", help="Length of the load at each rate.")] = "5s",
    warmup: Annotated[str, typer.Option(metavar="D", help="Load before each that no measure counts.")] = "1s",
    method: Annotated[str, typer.Option(metavar="M", help="GET by default, POST with a body.")] = "",
    header: Annotated[list[str] | None, typer.Option(metavar="'K: V'", help="A further header; repeatable.")] = None,
    body: Annotated[str, typer.Option(metavar="TEXT|@FILE", help="Body of every request.")] = "",
    connections: Annotated[int, typer.Option(metavar="N", help="The most connections open at once.")] = 256,
    timeout: Annotated[str, typer.Option(metavar="D", help="Counted from the time that a request is due.")] = "10s",
    clients: Annotated[int, typer.Option(metavar="N", help="Sidecars that will share the breaker's limits.")] = 1,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Gets the rows of every load.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,  # noqa: FBT002
) -> int:
    """Find the highest rate at which the criteria hold."""
    if not expect:
        raise UsageError("a search for capacity without a criterion", mend="say what must hold: --expect 'p99 <= 50ms'")
    what = targets_from(url, targets, method, header or [], body)
    settings = settings_here(os.environ)
    with ExitStack() as cleanup:
        folder = out or Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="gonogo-")))
        means = bench(settings, announce=lambda line: typer.echo(line, err=True))
        recorder = _Folders(writable(folder))
        search = CapacitySearch(lambda each: Load(means, each, "gonogo capacity", None), recorder, "", None)
        found = search(
            *what,
            require=expect or [],
            start=start,
            most=most,
            precision=precision,
            step=step,
            warmup=warmup,
            timeout=timeout,
            connections=connections,
            clients=clients,
        )
    host = _host(what[0].url)
    typer.echo(json.dumps(_document(found, host), indent=2, allow_nan=False) if as_json else _text(found, host))
    return EXIT_STATUS[Outcome.GO if found.rate else Outcome.INCONCLUSIVE]


def _text(found: Capacity, host: Host | None) -> str:
    lines = [
        f"{figure(probe.rate, '/s'):>12}  {probe.outcome:<12}  throughput {figure(probe.throughput, '/s')}, "
        f"p99 {figure(probe.p99_s, 's')}  {probe.reason}"
        for probe in found.probes
    ]
    lines += ["", found.conclusion]
    if found.limits and host:
        lines += ["", destination_rule(host, found.limits), nginx_directives(host, found.limits)]
    return "\n".join(lines)


def _document(found: Capacity, host: Host | None) -> object:
    limits = found.limits
    advice = (
        {
            "max_connections": limits.max_connections,
            "max_pending_requests": limits.max_pending,
            "destination_rule": destination_rule(host, limits) if host else None,
            "nginx": nginx_directives(host, limits) if host else None,
        }
        if limits
        else None
    )
    return portable(
        {
            "rate": found.rate,
            "broken_at": found.broken_at,
            "hysteresis": found.hysteresis,
            "conclusion": found.conclusion,
            "knee": found.knee,
            "limits": advice,
            "probes": found.probes,
        }
    )


def _host(url: str) -> Host | None:
    """The Service that the first label of a host names, so that the texts can be pasted; None for an address."""
    labels = (urlsplit(url).hostname or "").split(".")
    if not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", labels[0]) or labels[0] == "localhost":
        return Host("default", "service")
    return Host(labels[1] if len(labels) > 1 else "default", labels[0])


@dataclass(frozen=True, slots=True)
class _Folders:
    """Keeps every load in a folder of its own below one."""

    folder: Path
    entries: list[RunEntry] = field(default_factory=list)

    def place(self, name: str) -> RunPlace:
        safe = re.sub(r"\W+", "-", name)
        for count in range(1, 1000):
            path = self.folder / (f"{safe}-{count}" if count > 1 else safe)
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return RunPlace(path.name, path, path.name)
        raise UsageError("too many runs of one name", where=str(self.folder), mend="give --out an empty folder")

    def run(self, entry: RunEntry) -> None:
        self.entries.append(entry)

    def criteria(self, entries: Sequence[CriterionEntry]) -> None:
        """Nothing to do: the search judges for itself."""

    def experiment(self, entry: ExperimentEntry) -> None:
        """Nothing to do: it is printed."""

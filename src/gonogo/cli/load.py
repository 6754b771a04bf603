"""``gonogo load``: drive load at a URL and judge it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from gonogo.cli.aim import targets_from, writable
from gonogo.cli.figures import figures
from gonogo.cli.outcome import EXIT_STATUS, echo_verdicts, verdict_json
from gonogo.gate.experiment import ExperimentEntry
from gonogo.gate.judgment import CriterionEntry, RunEntry
from gonogo.suite.live import LiveLoad
from gonogo.suite.load import Load
from gonogo.suite.recorder import RunPlace
from gonogo.suite.run import JudgedRun
from gonogo.verdicts.verdict import Outcome
from gonogo.wiring import bench, settings_here

__all__ = ["load"]


def load(
    url: Annotated[str, typer.Argument(help="URL to send requests to.")] = "",
    targets: Annotated[Path | None, typer.Option(metavar="FILE", help="Target file: what to send, in turn.")] = None,
    rate: Annotated[
        str,
        typer.Option(
            metavar="N|max",
            help="Requests per second; max: closed loop; 100..1000: ramp; 100 for 5s, 500 for 5s: steps.",
        ),
    ] = "100",
    duration: Annotated[
        str, typer.Option(metavar="D", help="Such as 10s or 1m; by default what the criteria need, at most 60s.")
    ] = "",
    arrivals: Annotated[str, typer.Option(help="constant or poisson.")] = "constant",
    seed: Annotated[int, typer.Option(help="Of arrivals and the order of targets.")] = 0,
    method: Annotated[str, typer.Option(metavar="M", help="GET by default, POST with a body.")] = "",
    header: Annotated[list[str] | None, typer.Option(metavar="'K: V'", help="A further header; repeatable.")] = None,
    body: Annotated[str, typer.Option(metavar="TEXT|@FILE", help="Body of every request.")] = "",
    connections: Annotated[int, typer.Option(metavar="N", help="The most connections open at once.")] = 256,
    timeout: Annotated[str, typer.Option(metavar="D", help="Counted from the time that a request is due.")] = "10s",
    warmup: Annotated[str, typer.Option(metavar="D", help="Load before the run that no measure counts.")] = "0s",
    expect: Annotated[
        list[str] | None, typer.Option(metavar="EXPR", help="A criterion, such as 'p99 < 50ms'; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Gets summary.json and requests.parquet.")] = None,
    no_early_stop: Annotated[  # noqa: FBT002
        bool, typer.Option("--no-early-stop", help="Run the whole duration, also when the criteria are decided.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary and verdicts as JSON.")] = False,  # noqa: FBT002
) -> int:
    """Send requests at a fixed rate, measure every one of them, and judge."""
    what = targets_from(url, targets, method, header or [], body)
    settings = settings_here(os.environ)
    with ExitStack() as cleanup:
        folder = out or Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="gonogo-")))
        recorder = _FolderRecorder(writable(folder))
        driver = Load(bench(settings, announce=lambda line: typer.echo(line, err=True)), recorder, "gonogo load", None)
        live: LiveLoad | None = None
        try:
            with driver.running(
                *what,
                rate=rate,
                duration=duration or None,
                warmup=warmup,
                require=expect or [],
                timeout=timeout,
                connections=connections,
                arrivals=arrivals,
                seed=seed,
                stop_when_decided=settings.stop_when_decided and not no_early_stop,
                name="load",
            ) as live:
                pass
        except KeyboardInterrupt:
            if live is None:
                raise
        return _tell(live.run, recorder.entries[-1].notes, out, as_json=as_json)


def _tell(run: JudgedRun, notes: Sequence[str], out: Path | None, *, as_json: bool) -> int:
    """Print what was measured and judged and return the exit status."""
    facts = run.facts
    if run.verdicts:
        outcome = run.go.outcome
    else:
        outcome = Outcome.GO if facts.valid and not facts.cut_short else Outcome.INCONCLUSIVE
    if as_json:
        judged = {"verdict": str(outcome) if run.verdicts else None, "criteria": [*map(verdict_json, run.verdicts)]}
        typer.echo(json.dumps({**run.summary, "notes": list(notes), **judged}, indent=2, allow_nan=False))
        return EXIT_STATUS[outcome]
    typer.echo(figures(run.summary))
    if not facts.valid:
        typer.echo(f"INVALID: {facts.invalid_reason}")
    for note in notes:
        typer.echo(note)
    if facts.cut_short:
        typer.echo(f"cut short: {facts.cut_short}")
    echo_verdicts(run.verdicts)
    if out is not None:
        typer.echo(f"rows: {out / 'requests.parquet'}")
    if run.verdicts:
        typer.echo(str(outcome))
    return EXIT_STATUS[outcome]


@dataclass(frozen=True, slots=True)
class _FolderRecorder:
    """Keeps one run in one folder; verdicts are printed, not recorded."""

    folder: Path
    entries: list[RunEntry] = field(default_factory=list)

    def place(self, name: str) -> RunPlace:
        return RunPlace(name, self.folder, ".")

    def run(self, entry: RunEntry) -> None:
        self.entries.append(entry)

    def criteria(self, entries: Sequence[CriterionEntry]) -> None:
        """Nothing to do: the run itself has them."""

    def experiment(self, entry: ExperimentEntry) -> None:
        """Nothing to do: one load is none."""

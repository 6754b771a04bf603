"""``gonogo outcome``: what users did next, kept beside a run and judged with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gonogo.capture.live_traffic import live_traffic, refuse_repeated
from gonogo.capture.tables import sources
from gonogo.cli.loopback import Respond, serve
from gonogo.cli.outcome import EXIT_STATUS, echo_verdicts
from gonogo.errors import UsageError
from gonogo.gate.kept import joined_outcomes, judge_kept, judge_observed
from gonogo.runs.outcome import OUTCOMES, OutcomeEvent, append_events, event_of, read_events
from gonogo.runs.run import Run
from gonogo.units import parse_duration
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import worst

__all__ = ["outcome"]

_PATH = "/outcomes"


def outcome(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Events as .jsonl or .csv.")] = None,
    run: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the run that they follow.")] = None,
    warehouse: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="In place of a run: captured answers, as a judgment's folder or Parquet files; repeatable.",
        ),
    ] = None,
    service: Annotated[
        str, typer.Option(metavar="NAME", help="Service that was asked, where a warehouse has several.")
    ] = "",
    expect: Annotated[
        list[str] | None,
        typer.Option(metavar="EXPR", help="A criterion, such as 'outcome.difference[click] >= -1%'; repeatable."),
    ] = None,
    candidate: Annotated[str, typer.Option(metavar="MODEL", help="The model that comparisons are about.")] = "",
    current: Annotated[str, typer.Option(metavar="MODEL", help="The model that it is compared with.")] = "",
    min_period: Annotated[str, typer.Option(metavar="D", help="Nothing is decided before, such as 7d.")] = "0s",
    serve_at: Annotated[
        int | None, typer.Option("--serve", metavar="PORT", help="Take events at 127.0.0.1 until Ctrl-C.")
    ] = None,
) -> int:
    """Keep events of what users did next, and judge them by user."""
    criteria = [parse(text) for text in expect or []]
    least_s = parse_duration(min_period)
    if file is None and serve_at is None and not criteria:
        raise UsageError("nothing to do", mend="give a FILE of events, --serve PORT or --expect EXPR")
    if run is not None and warehouse:
        raise UsageError("both a run and a warehouse", mend="give --run or --warehouse")
    home = _home(run or Path()) if not warehouse else _beside(warehouse)
    if file is not None:
        typer.echo(f"{append_events(home, read_events(file))} events kept")
    if serve_at is not None:
        serve("127.0.0.1", serve_at, _intake(home), lambda url: typer.echo(f"POST events to {url}{_PATH}"))
    if not criteria:
        return 0
    if warehouse:
        run_seen, events = _observed(warehouse, service, home, criteria)
        verdicts = judge_observed(run_seen, events, criteria, least_s=least_s, candidate=candidate, current=current)
    else:
        verdicts = judge_kept(home, criteria, least_s=least_s, candidate=candidate, current=current)
    echo_verdicts(verdicts)
    found = worst(verdict.outcome for verdict in verdicts)
    typer.echo(str(found))
    return EXIT_STATUS[found]


def _home(run: Path) -> Path:
    """Return the folder of a run.

    Raises:
        UsageError: there is none.
    """
    if not (run / "requests.parquet").is_file():
        raise UsageError(
            "there is no run", where=str(run), mend="name the folder of a stored run with --run, or use --warehouse"
        )
    return run


def _beside(warehouse: Sequence[Path]) -> Path:
    """Return the folder that keeps the events of a warehouse.

    Raises:
        UsageError: nothing is there.
    """
    sources(warehouse)
    first = warehouse[0]
    return first.parent if first.is_file() else first


def _observed(
    warehouse: Sequence[Path], service: str, home: Path, criteria: Sequence[Criterion]
) -> tuple[Run, tuple[OutcomeEvent, ...]]:
    """Return the live traffic that a warehouse kept with the events beside it, and those events."""
    run = live_traffic(warehouse, service=service)
    kept = home / OUTCOMES
    if not kept.is_file():
        return run, ()
    events = read_events(kept)
    refuse_repeated(run, events)
    return joined_outcomes(run, events, criteria), events


def _intake(run: Path) -> Respond:
    """Return what takes events over HTTP: one JSON object, or a list; all events of a request are kept, or none."""

    def take(method: str, path: str, body: bytes) -> tuple[int, Mapping[str, object]]:
        if path != _PATH or method != "POST":
            return 404, {"error": f"POST events to {_PATH}"}
        try:
            given = json.loads(body)
            events = [event_of(one, where="body") for one in (given if isinstance(given, list) else [given])]
        except (ValueError, RecursionError):
            return 400, {"error": "the body is no JSON"}
        except UsageError as error:
            return 400, {"error": str(error)}
        try:
            return 200, {"kept": append_events(run, events)}
        except UsageError as error:
            return 507, {"error": str(error)}

    return take

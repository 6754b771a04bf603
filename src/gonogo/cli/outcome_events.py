"""``gonogo outcome``: what users did next, kept beside a run and judged with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from gonogo.cli.loopback import Respond, serve
from gonogo.cli.outcome import EXIT_STATUS, echo_verdicts
from gonogo.errors import UsageError
from gonogo.gate.kept import judge_kept
from gonogo.runs.outcome import append_events, event_of, read_events
from gonogo.units import parse_duration
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import worst

__all__ = ["outcome"]

_PATH = "/outcomes"


def outcome(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Events as .jsonl or .csv.")] = None,
    run: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the run that they follow.")] = Path(),
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
    if not (run / "requests.parquet").is_file():
        raise UsageError("there is no run", where=str(run), mend="name the folder of a stored run with --run")
    if file is not None:
        typer.echo(f"{append_events(run, read_events(file))} events kept")
    if serve_at is not None:
        serve("127.0.0.1", serve_at, _intake(run), lambda url: typer.echo(f"POST events to {url}{_PATH}"))
    if not criteria:
        return 0
    verdicts = judge_kept(run, criteria, least_s=least_s, candidate=candidate, current=current)
    echo_verdicts(verdicts)
    found = worst(verdict.outcome for verdict in verdicts)
    typer.echo(str(found))
    return EXIT_STATUS[found]


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

"""``gonogo thresholds``: measure which threshold has the precision that is wanted, class by class."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import typer

from gonogo.cli.outcome import EXIT_STATUS
from gonogo.errors import UsageError
from gonogo.experiments.thresholds.labelled import asked, asking, from_columns
from gonogo.experiments.thresholds.pasted import settings_text
from gonogo.experiments.thresholds.sweep import Sweep, sweep
from gonogo.manifests.tuned import Tuning
from gonogo.suite.models import told_model
from gonogo.units import format_share, parse_share
from gonogo.verdicts.verdict import Outcome
from gonogo.wiring import settings_here

__all__ = ["thresholds"]

_TIMEOUT_S = 10.0


def thresholds(
    data: Annotated[Path, typer.Argument(metavar="FILE", help="Labelled rows: .csv or .jsonl.")],
    truth: Annotated[str, typer.Option(metavar="COLUMN", help="Column with the class of each row.")],
    score: Annotated[
        list[str] | None, typer.Option(metavar="CLASS=COLUMN", help="Column with a class's score; repeatable.")
    ] = None,
    ask: Annotated[
        list[str] | None, typer.Option(metavar="CLASS=URL", help="Ask a service for a class's score; repeatable.")
    ] = None,
    precision: Annotated[str, typer.Option(metavar="SHARE", help="Wanted of each class.")] = "95%",
    confidence: Annotated[str, typer.Option(metavar="SHARE", help="How sure to be of it.")] = "95%",
    answer: Annotated[str, typer.Option(metavar="PATH", help="Where an answer has the score.")] = "$.prediction[0]",
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS=SERVICE=SHA256", help="The model that was measured; asked services tell theirs."),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Gets the settings.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all thresholds as JSON.")] = False,  # noqa: FBT002
) -> int:
    """Sweep thresholds on labelled data and recommend one for each class, as settings to paste."""
    columns, urls = _pairs(score or [], "--score"), _pairs(ask or [], "--ask")
    if bool(columns) == bool(urls):
        raise UsageError("thresholds of what?", mend="give either --score CLASS=COLUMN or --ask CLASS=URL")
    tunings = {name: _tuning(value) for name, value in _pairs(model or [], "--model").items()}
    if urls:
        allows = settings_here(os.environ).allows
        for url in urls.values():
            if not allows(urlsplit(url).hostname or ""):
                mend = 'if it is yours to ask, allow it: [tool.gonogo] allow_hosts = ["…"]'
                raise UsageError(f"{url} is not on this machine", where="--ask", mend=mend)
        with httpx.Client(timeout=_TIMEOUT_S) as client:
            scored = asked(data, truth, {name: asking(client, url) for name, url in urls.items()}, answer=answer)
            tunings = {**{name: one for name, url in urls.items() if (one := _told(client, name, url))}, **tunings}
    else:
        scored = from_columns(data, truth, columns)
    sure, wanted = parse_share(confidence), parse_share(precision)
    sweeps = [sweep(one, precision=wanted, confidence=sure) for one in scored]
    text = settings_text(sweeps, tunings, origin=data.name)
    if out is not None:
        out.write_text(text, encoding="utf-8")
    typer.echo(json.dumps([_document(one) for one in sweeps], indent=2) if as_json else _table(sweeps) + text)
    return EXIT_STATUS[Outcome.GO if all(one.recommended for one in sweeps) else Outcome.INCONCLUSIVE]


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    found = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not (name and equals and value):
            raise UsageError(f"{pair!r} is no pair", where=option, mend="write CLASS=…")
        found[name] = value
    return found


def _tuning(value: str) -> Tuning:
    service, _, sha256 = value.partition("=")
    return Tuning(service, sha256)


def _told(client: httpx.Client, name: str, url: str) -> Tuning | None:
    """Return which model the service says that it has, under its host's name or else the class's; None if none."""
    model = told_model(client, str(httpx.URL(url).join("/metadata")))
    host = urlsplit(url).hostname or ""
    if model is None:
        return None
    return Tuning(host if host[:1].isalpha() and host != "localhost" else name, model.sha256)


def _document(one: Sweep) -> dict[str, Any]:
    point = one.recommended
    return {
        "class": one.name,
        "precision": one.precision,
        "confidence": one.confidence,
        "rows": one.rows,
        "recommended": None if point is None else point.threshold,
        "reason": one.reason,
        "points": [asdict(each) for each in one.points],
    }


def _table(sweeps: Sequence[Sweep]) -> str:
    lines = [
        f"{'class':<16} {'threshold':>9}  {'precision':>9}  {'interval':<20} {'recall':>7}  {'interval':<20} shown"
    ]
    for one in sweeps:
        chosen = one.recommended
        for point in one.points:
            if not (point is chosen or round(point.threshold * 100) % 10 == 0 or point.threshold in (0.95, 0.99)):
                continue
            precision = "-" if point.precision is None else format_share(point.precision)
            lines.append(
                f"{one.name:<16} {point.threshold:>9g}  {precision:>9}  "
                f"{_interval(point.precision_low, point.precision_high):<20} {format_share(point.recall):>7}  "
                f"{_interval(point.recall_low, point.recall_high):<20} "
                f"{'recommended' if point is chosen else 'yes' if point.shown else 'no'}"
            )
    return "\n".join([*lines, ""])


def _interval(low: float, high: float) -> str:
    return f"{format_share(low)} to {format_share(high)}"

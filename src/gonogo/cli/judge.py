"""``gonogo judge``: judge a run that was kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gonogo.cli.outcome import EXIT_STATUS, echo_verdicts
from gonogo.gate.imported import judge_imported
from gonogo.measures import judge as measures_judge
from gonogo.runs.imports.registry import import_file
from gonogo.runs.store import load as load_run
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import worst

__all__ = ["judge"]


def judge(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="DIR|FILE",
            help="Folder of a run, its requests.parquet, or a file of vegeta, k6, hey, wrk or Locust.",
        ),
    ],
    expect: Annotated[list[str], typer.Option(metavar="EXPR", help="A criterion, such as 'p99 < 50ms'; repeatable.")],
) -> int:
    """Judge the rows of a kept run, or what another load tester wrote, by criteria."""
    criteria = [parse(text) for text in expect]
    if run.is_dir() or run.suffix == ".parquet" or run.name == "summary.json" or not run.exists():
        kept = load_run(run)
        verdicts = [measures_judge.judge(kept, criterion) for criterion in criteria]
    else:
        imported = import_file(run)
        for note in imported.notes:
            typer.echo(f"note: {note}")
        verdicts = [judge_imported(imported, criterion) for criterion in criteria]
    echo_verdicts(verdicts)
    outcome = worst(verdict.outcome for verdict in verdicts)
    typer.echo(str(outcome))
    return EXIT_STATUS[outcome]

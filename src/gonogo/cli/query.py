"""``gonogo query``: both sides' answers, and the requests of all runs, in SQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table as Sheet

from gonogo.capture.tables import query as ask

__all__ = ["query"]


def query(
    warehouse: Annotated[
        Path, typer.Argument(metavar="PATH", help="Folder of a judgment, or Parquet files: one, or a folder of them.")
    ],
    statement: Annotated[str, typer.Argument(metavar="SQL", help="A query on the tables captures and requests.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each row.")] = False,  # noqa: FBT002
) -> int:
    """Ask a warehouse: what both sides of a mirror were asked and answered.

    Tables: captures, a row for each request at each replica; requests, the requests of all runs.
    """
    answer = ask([warehouse], statement)
    if as_json:
        for row in answer.rows:
            typer.echo(json.dumps(dict(zip(answer.columns, row, strict=True)), default=str))
        return 0
    sheet = Sheet(*answer.columns)
    for row in answer.rows:
        sheet.add_row(*("" if value is None else str(value) for value in row))
    Console(markup=False, highlight=False).print(sheet)
    return 0

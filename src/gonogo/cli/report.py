"""``gonogo report``: judgments on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gonogo.report.formats import FORMATS, render_as
from gonogo.report.reader import read
from gonogo.report.writer import write_page
from gonogo.runs.store import load as load_run

__all__ = ["report"]


def report(
    judgments: Annotated[list[Path], typer.Argument(metavar="DIR…", help="Folders that sessions wrote.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path("index.html"),
    form: Annotated[
        str, typer.Option("--format", metavar="NAME", help=f"Print as {', '.join(FORMATS)} instead of a page.")
    ] = "",
) -> int:
    """Write a page of one judgment, or of several side by side; or print them in another format."""
    if form:
        for path in judgments:
            typer.echo(render_as(form, read(path)), nl=False)
        return 0
    write_page(judgments, out, load_run=load_run)
    typer.echo(str(out))
    return 0

"""``gonogo verdict``: the verdict of a judgment as an exit status, for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gonogo.cli.outcome import EXIT_STATUS
from gonogo.report.reader import read
from gonogo.report.terminal import last_line

__all__ = ["verdict"]


def verdict(
    judgment: Annotated[Path, typer.Argument(metavar="JUDGMENT-DIR", help="Folder that a session wrote.")] = Path(
        "judgment"
    ),
) -> int:
    """Print the verdict of a judgment and tell it by the exit status."""
    found = read(judgment)
    typer.echo(last_line(found))
    return EXIT_STATUS[found.outcome]

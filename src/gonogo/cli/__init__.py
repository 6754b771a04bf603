"""The command line: thin over wiring.

Exit status: 0 GO or done, 1 NO-GO or findings that are errors, 2 usage or bad input, 3 INCONCLUSIVE or INVALID,
130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from gonogo.cli import (
    capacity,
    check,
    decide,
    doctor,
    images,
    judge,
    load,
    outcome_events,
    query,
    render,
    report,
    run_job,
    thresholds,
    up,
    verdict,
)
from gonogo.errors import GonogoError

__all__ = ["app", "main"]

P = ParamSpec("P")


def _ending(command: Callable[P, int]) -> Callable[P, None]:
    """Make ``command`` end the program with the status that it returns, and errors be told in one place."""

    @wraps(command)
    def end(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            status = command(*args, **kwargs)
        except GonogoError as error:
            typer.echo(f"gonogo: {error}", err=True)
            status = error.exit_status
        except KeyboardInterrupt:
            typer.echo("gonogo: interrupted", err=True)
            status = 130
        raise typer.Exit(status)

    return end


app = typer.Typer(
    name="gonogo",
    help="Decides whether an inference service may be released.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _command in (
    load.load,
    capacity.capacity,
    judge.judge,
    verdict.verdict,
    report.report,
    query.query,
    check.check,
    render.render,
    up.up,
    outcome_events.outcome,
    decide.decide,
    thresholds.thresholds,
    run_job.run_job,
    doctor.doctor,
):
    app.command()(_ending(_command))

_images = typer.Typer(help="The container images of the services that ship with gonogo.", no_args_is_help=True)
_images.command("build")(_ending(images.build))
_images.callback()(lambda: None)  # so that its only command keeps its name
app.add_typer(_images, name="images")


def main() -> None:
    """Run the command line; whatever goes wrong is one message on standard error and an exit status."""
    try:
        app()
    except BrokenPipeError:
        # Who read our output had enough of it; the interpreter must not complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)

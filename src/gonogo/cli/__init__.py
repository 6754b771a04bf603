"""The command line: thin over wiring.

Exit status: 0 GO or done, 1 NO-GO or findings that are errors, 2 usage or bad input, 3 INCONCLUSIVE or INVALID.
"""

from __future__ import annotations

import sys

import click
import typer

from gonogo.cli import check, judge, load, report, up, verdict
from gonogo.errors import GonogoError

__all__ = ["app", "main"]

app = typer.Typer(
    name="gonogo",
    help="Decides whether an inference service may be released.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _command in (load.load, judge.judge, verdict.verdict, report.report, check.check, up.up):
    app.command()(_command)


def main() -> None:
    """Run the command line; whatever goes wrong is one line on standard error and an exit status."""
    try:
        status = app(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = 2
    except GonogoError as error:
        typer.echo(f"gonogo: {error}", err=True)
        status = error.exit_status
    except (KeyboardInterrupt, click.Abort):
        typer.echo("gonogo: interrupted", err=True)
        status = 130
    except BrokenPipeError:
        # Who read our output had enough of it.
        sys.stderr.close()
        status = 0
    sys.exit(status if isinstance(status, int) else 0)

"""``gonogo decide``: step, hold or roll back, for people, Jobs and other rollout controllers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from gonogo.cli.loopback import Respond, serve
from gonogo.cli.outcome import EXIT_STATUS
from gonogo.errors import GonogoError
from gonogo.experiments.rollout.answer import Answer, answer
from gonogo.gate.kept import judge_kept
from gonogo.units import parse_duration
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.method import Method
from gonogo.verdicts.verdict import Outcome

__all__ = ["decide"]


def decide(
    run: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run; it is read anew for each decision.")],
    expect: Annotated[
        list[str],
        typer.Option(
            metavar="EXPR", help="A criterion, such as 'success.difference[mode: rf vs svc] >= -1%'; repeatable."
        ),
    ],
    candidate: Annotated[str, typer.Option(metavar="MODEL", help="The model that comparisons are about.")] = "",
    current: Annotated[str, typer.Option(metavar="MODEL", help="The model that it is compared with.")] = "",
    min_period: Annotated[str, typer.Option(metavar="D", help="Hold before, such as 7d.")] = "0s",
    serve_at: Annotated[
        int | None, typer.Option("--serve", metavar="PORT", help="Answer other controllers until Ctrl-C.")
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to answer them.")] = "127.0.0.1",
) -> int:
    """Say whether a candidate goes on (GO), goes back (NO-GO) or is held (INCONCLUSIVE)."""
    asked = _Asked(run, tuple(parse(text) for text in expect), parse_duration(min_period), candidate, current)
    if serve_at is not None:
        serve(host, serve_at, asked.respond(), lambda url: typer.echo(f"decisions at {url}/decision"))
        return 0
    told = asked.at("/decision")
    typer.echo(json.dumps(told.body, indent=2))
    return EXIT_STATUS[Outcome(str(told.body["verdict"]))]


class _Asked:
    """What a decision is asked for."""

    def __init__(
        self, run: Path, criteria: tuple[Criterion, ...], least_s: float, candidate: str, current: str
    ) -> None:
        self._run = run
        self._criteria = criteria
        self._least_s = least_s
        self._candidate = candidate
        self._current = current

    def at(self, path: str) -> Answer:
        """Return the answer at ``path``; what cannot be read or judged is no decision, and holds."""
        try:
            verdicts = judge_kept(
                self._run,
                self._criteria,
                least_s=self._least_s,
                candidate=self._candidate,
                current=self._current,
                # Controllers ask again and again while the run grows.
                method=Method.ANYTIME,
            )
        except GonogoError as error:
            return answer(path, (), trouble=str(error))
        return answer(path, verdicts)

    def respond(self) -> Respond:
        """Return what answers HTTP requests."""

        def told(_method: str, path: str, _body: bytes) -> tuple[int, Mapping[str, object]]:
            given = self.at(path)
            return given.status, given.body

        return told

"""The live view of a running load, on a terminal, from a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Protocol, Self, TextIO

from rich.console import Console
from rich.live import Live

from gonogo.measures.judge import judge
from gonogo.report.live.pace import Pace
from gonogo.report.live.pulse import Pulse, pulse, still_of_interest_s
from gonogo.report.live.sheet import Moment, sheet
from gonogo.runs.run import Columns, Run, RunFacts
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.verdict import Verdict

__all__ = ["LiveView", "Watched", "is_wanted", "so_far"]

_EVERY_S: Final = 0.4
_CRITERIA_EVERY_S: Final = 2.0
_SHARE: Final = 0.01
"""Of one CPU, for the figures; as much again at most for judging what is known so far."""


class Progressing(Protocol):
    """How far a load has come; see :class:`gonogo.load.driver.Progress`."""

    @property
    def elapsed_s(self) -> float: ...

    @property
    def due(self) -> int: ...


class Watched(Protocol):
    """A running load, as far as it is looked at."""

    def progress(self) -> Progressing:
        """Return how far it has come."""
        ...

    def snapshot(self, since_s: float = 0.0) -> Columns:
        """Return the measured requests that have become due, from ``since_s`` seconds after the run's start on."""
        ...


def is_wanted(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Return whether ``stream`` is a terminal that somebody looks at: no CI, no log, no terminal that cannot redraw."""
    try:
        terminal = stream.isatty()
    except ValueError:
        return False  # it is closed
    return terminal and not environment.get("CI") and environment.get("TERM", "") not in ("", "dumb")


def so_far(
    criteria: Sequence[Criterion],
    *,
    name: str,
    targets: tuple[str, ...],
    rate: float | None,
    timeout_s: float,
    anytime: bool = False,
) -> Callable[[Columns], tuple[Verdict, ...]]:
    """Return what judges the requests that are known so far by ``criteria``; ``anytime``: the run may stop early."""

    def judged(columns: Columns) -> tuple[Verdict, ...]:
        span_s = float(columns.due_s[-1] - columns.due_s[0]) if len(columns) else 0.0
        facts = RunFacts(name, targets, rate, span_s, span_s, 0.0, timeout_s, 0, anytime=anytime)
        return tuple(judge(Run(columns, facts), criterion) for criterion in criteria)

    return judged


class LiveView:
    """Shows a running load until it is left. It only looks, and whatever goes wrong in it does not touch the load.

    A look at the figures takes the rows of the last seconds, and of as long as a request is on its way. One at the
    criteria takes all of them, and becomes rarer the more there are. It costs at most about 2 % of one CPU.

    Args:
        watched: the load.
        name: of the run.
        duration_s: of the measured load.
        stream: a terminal; ask :func:`is_wanted` before.
        judge_so_far: what the criteria say of the rows that are known; None shows no criteria.
    """

    def __init__(
        self,
        watched: Watched,
        *,
        name: str,
        duration_s: float,
        stream: TextIO,
        judge_so_far: Callable[[Columns], Sequence[Verdict]] | None = None,
    ) -> None:
        self._watched = watched
        self._name = name
        self._duration_s = duration_s
        self._judge = judge_so_far
        self._console = Console(file=stream)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, name="gonogo-live-view")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the view and remove its lines: what was found out is printed by whoever drives the load."""
        self._ended.set()
        self._thread.join()

    def _show(self) -> None:
        # A terminal that went away, or a row half written, is no reason to disturb a measurement.
        with (
            suppress(Exception),
            Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            ) as live,
        ):
            self._watch(live)

    def _watch(self, live: Live) -> None:
        figures, criteria = Pace(_EVERY_S, _SHARE), Pace(_CRITERIA_EVERY_S, _SHARE)
        verdicts: tuple[Verdict, ...] = ()
        since_s = 0.0
        while not self._ended.wait(_EVERY_S / 2):
            now_s, used_s = time.monotonic(), time.thread_time()
            if not figures.is_due(now_s):
                continue
            progress = self._watched.progress()
            seen = Pulse()
            if progress.elapsed_s > 0:
                columns = self._watched.snapshot(since_s)
                seen = pulse(columns, progress.elapsed_s)
                since_s = still_of_interest_s(columns, progress.elapsed_s, since_s)
            live.update(sheet(self._moment(progress, seen, verdicts)), refresh=True)
            figures.looked(now_s, time.thread_time() - used_s)
            if self._judge and progress.elapsed_s > 0 and criteria.is_due(now_s):
                used_s = time.thread_time()
                columns = self._watched.snapshot()
                verdicts = tuple(self._judge(columns)) if len(columns) else ()
                criteria.looked(now_s, time.thread_time() - used_s)

    def _moment(self, progress: Progressing, seen: Pulse, verdicts: Sequence[Verdict]) -> Moment:
        return Moment(
            name=self._name,
            elapsed_s=progress.elapsed_s,
            duration_s=self._duration_s,
            due=progress.due,
            pulse=seen,
            verdicts=verdicts,
        )

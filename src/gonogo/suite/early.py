"""Stopping a load as soon as its criteria are decided, in either direction."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Final, Protocol, Self

from gonogo.load.driver import Progress
from gonogo.load.plan import LoadPlan
from gonogo.measures.sequential import Load, Watch
from gonogo.runs.run import Columns, Run
from gonogo.units import format_duration
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.verdict import Verdict

__all__ = ["EarlyStop"]

_EVERY_S: Final = 0.25
_DECIDED: Final = "its criteria are decided"


class Stoppable(Protocol):
    """A load that goes on; see :class:`gonogo.load.driver.RunningLoad`."""

    def progress(self) -> Progress:
        """Return how far it has come."""
        ...

    def snapshot(self) -> Columns:
        """Return the measured requests that have become due."""
        ...

    def stop(self, why: str) -> None:
        """Have it send nothing more."""
        ...


class EarlyStop:
    """Looks at a load from a thread of its own, and ends it once every criterion is decided.

    A context manager around the time in which the load goes on; leaving it ends the thread.

    Args:
        running: an open-loop load at one rate.
        plan: what it drives.
        criteria: all that it shall decide.
    """

    def __init__(self, running: Stoppable, plan: LoadPlan, criteria: Sequence[Criterion]) -> None:
        assert isinstance(plan.rate, int | float)  # noqa: S101 - order() asks for it
        self._running = running
        self._duration_s = plan.duration_s
        targets = tuple(target.name for target in plan.targets)
        self._watch = Watch(criteria, Load(targets, float(plan.rate), plan.timeout_s, plan.duration_s))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="gonogo-early-stop")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread."""
        self._over.set()
        self._thread.join()

    @property
    def verdicts(self) -> tuple[Verdict | None, ...]:
        """The verdict on each criterion so far, None while it is open."""
        return self._watch.verdicts

    def told(self, run: Run) -> Run:
        """Return the run with how it ended in its facts: a load that was stopped for this reason was not cut short."""
        facts = replace(run.facts, anytime=True)
        if facts.cut_short == _DECIDED:
            after, planned = format_duration(facts.attack_s), format_duration(self._duration_s)
            facts = replace(facts, cut_short="", stopped_early=f"decided after {after} of {planned}")
        return replace(run, facts=facts)

    def conclude(self, run: Run) -> tuple[Verdict, ...]:
        """Return the verdict on every criterion, once the run is over and its facts say how it ended."""
        return self._watch.conclude(run)

    def _look(self) -> None:
        try:
            while not self._over.wait(_EVERY_S):
                progress = self._running.progress()
                if progress.elapsed_s <= 0 or progress.due < self._watch.next_look:
                    continue
                if self._watch.update(self._running.snapshot()):
                    self._running.stop(_DECIDED)
                    return
        except Exception:  # noqa: BLE001 - a criterion that cannot be judged says so when the whole run is judged
            return

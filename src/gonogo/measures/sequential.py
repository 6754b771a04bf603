"""Watching a run while it goes on, so that it can stop when its criteria are decided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gonogo.measures.judge import judge, open_invalid
from gonogo.measures.registry import evidence
from gonogo.runs.run import ERRORS, Columns, Run, RunFacts
from gonogo.units import format_count, format_duration
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.method import Method
from gonogo.verdicts.sequential import EARLIEST_GO_S, Sequential, at_the_end
from gonogo.verdicts.verdict import Verdict

__all__ = ["Load", "Watch"]

_GROWTH = 1.1
_FIRST_LOOK = 100
_CUT = ERRORS.index("cut")


@dataclass(frozen=True, slots=True)
class Load:
    """What must be known of a load to judge it before its end.

    Attributes:
        targets: names of the targets, by the index in Columns.target.
        rate: requests per second. A closed loop has none and cannot be watched: when its requests were due says
            nothing about how many are missing.
        timeout_s: after it an unanswered request failed.
        duration_s: seconds of load that were asked for.
    """

    targets: tuple[str, ...]
    rate: float
    timeout_s: float
    duration_s: float


class Watch:
    """The criteria of one open-loop run, looked at while it goes on.

    Only requests due before the first one that is still on its way are looked at: those that ended fast must not speak
    before those that take long. Looks come when there are 10 % more requests than at the last, and when GO is possible
    for the first time, however often :meth:`update` is called, which bounds what they cost.

    Args:
        criteria: all that the run shall decide.
        load: what was asked for.
    """

    def __init__(self, criteria: Sequence[Criterion], load: Load) -> None:
        self._state = Sequential(tuple(criteria))
        self._load = load
        self._seen = 0

    @property
    def next_look(self) -> int:
        """How many requests must be over before :meth:`update` looks again."""
        wanted = math.ceil(max(_FIRST_LOOK, self._seen * _GROWTH))
        first_go = math.ceil(EARLIEST_GO_S * self._load.rate)
        return min(wanted, first_go) if self._seen < first_go else wanted

    @property
    def decided(self) -> bool:
        """Whether every criterion is decided: the load may stop."""
        return self._state.complete

    @property
    def verdicts(self) -> tuple[Verdict | None, ...]:
        """The verdict on each criterion at the look that decided it, None while it is open."""
        return self._state.decided

    def update(self, columns: Columns) -> bool:
        """Look at the requests that are over, and return whether every criterion is decided now.

        Args:
            columns: a snapshot; requests on their way have the error ``cut``.
        """
        known = _until_first_missing(columns)
        if self.decided or len(known) < self.next_look:
            return self.decided
        self._seen = len(known)
        run = self._run(known)
        state = self._state
        seen = [
            evidence(run, criterion.measure) if decided is None else None
            for criterion, decided in zip(state.criteria, state.decided, strict=True)
        ]
        looked = state.look(seen, go=run.facts.attack_s >= EARLIEST_GO_S)
        # What a run's requests can be blamed for is the run's concern, so that it is asked once more.
        self._state = state.after(
            [
                self._confirmed(run, criterion) if now is not None and before is None else None
                for criterion, before, now in zip(state.criteria, state.decided, looked.decided, strict=True)
            ]
        )
        return self.decided

    def conclude(self, run: Run) -> tuple[Verdict, ...]:
        """Return the verdict on every criterion when the load is over.

        What a look decided stands, unless the run turned out INVALID. The rest is judged on the whole run with the
        same bounds, since looks at it have been taken.

        Args:
            run: the whole run; that its criteria were decided is no cut.
        """
        return tuple(
            _at_the_end(run, criterion) if early is None else open_invalid(run, early)
            for criterion, early in zip(self._state.criteria, self._state.decided, strict=True)
        )

    def _confirmed(self, run: Run, criterion: Criterion) -> Verdict:
        found = judge(run, criterion, method=Method.ANYTIME)
        return replace(found, reason=f"{self._when(run)}: {found.reason}")

    def _run(self, known: Columns) -> Run:
        attack_s = float(known.due_s[-1] - known.due_s[0]) + 1 / self._load.rate
        slowest_s = known.latency_s[known.success]
        facts = RunFacts(
            name="so far",
            targets=self._load.targets,
            rate=self._load.rate,
            duration_s=self._load.duration_s,
            attack_s=attack_s,
            # The load that stops now still waits for its last answers.
            wait_s=float(slowest_s.max(initial=0.0)),
            timeout_s=self._load.timeout_s,
            connections=1,
        )
        return Run(known, facts)

    def _when(self, run: Run) -> str:
        after = format_duration(run.facts.attack_s)
        return (
            f"Decided early, after {after} of {format_duration(self._load.duration_s)} and "
            f"{format_count(len(run.columns))} requests, by bounds that hold at every look (bets against the claim)"
        )


def _at_the_end(run: Run, criterion: Criterion) -> Verdict:
    """Return the verdict on a criterion that no look decided."""
    looked = judge(run, criterion, method=Method.ANYTIME)
    return at_the_end(looked, judge(run, criterion, method=Method.FIXED)) if run.facts.valid else looked


def _until_first_missing(columns: Columns) -> Columns:
    missing = np.flatnonzero(columns.error == _CUT)
    return columns if not len(missing) else columns.first(int(missing[0]))

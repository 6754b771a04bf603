"""Criteria watched while a run goes on: decided at the first look that shows or refutes them, and then for good.

Looks may come as often as blocks end: the bounds hold at all of them at once (see :mod:`gonogo.verdicts.betting`),
so that the chance of a wrong decision at any look is at most what the criterion's confidence leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gonogo.errors import UsageError
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import Evidence, Fact, Proportion, Split
from gonogo.verdicts.judge import judge, outcome_of
from gonogo.verdicts.method import Method
from gonogo.verdicts.proportion import is_absolute
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["EARLIEST_GO_S", "Sequential", "at_the_end", "is_final"]

EARLIEST_GO_S: Final = 5.5
"""No GO comes earlier: what happens about once a second must have had the time to happen a few times."""


@dataclass(frozen=True, slots=True)
class Sequential:
    """The state of a run's criteria; a look gives the next state.

    Attributes:
        criteria: in order.
        decided: the verdict on each at the look that decided it; None while it is open.
    """

    criteria: tuple[Criterion, ...]
    decided: tuple[Verdict | None, ...] = ()

    def __post_init__(self) -> None:
        if not self.decided:
            object.__setattr__(self, "decided", (None,) * len(self.criteria))
        if len(self.decided) != len(self.criteria):
            raise UsageError(f"{len(self.decided)} verdicts for {len(self.criteria)} criteria")

    @property
    def complete(self) -> bool:
        """Whether there are criteria and all of them are decided: the run may stop."""
        return bool(self.criteria) and None not in self.decided

    def open(self) -> tuple[int, ...]:
        """Return which criteria are open, by their place."""
        return tuple(index for index, verdict in enumerate(self.decided) if verdict is None)

    def look(self, evidences: Sequence[Evidence | None], *, go: bool = True) -> Sequential:
        """Return the state after a look.

        Args:
            evidences: for each criterion, all that is known of the run so far; None where there is nothing to look at,
                as for those decided already.
            go: whether the run is long enough for GO; NO-GO may come at any look.
        """
        return self.after(
            [
                None if done is not None or evidence is None else self._judged(criterion, evidence, go=go)
                for criterion, done, evidence in zip(self.criteria, self.decided, evidences, strict=True)
            ]
        )

    def after(self, verdicts: Sequence[Verdict | None]) -> Sequential:
        """Return the state after a look that gave ``verdicts``; what was decided before stays."""
        new = tuple(
            before
            if before is not None
            else (now if now is not None and now.outcome is not Outcome.INCONCLUSIVE else None)
            for before, now in zip(self.decided, verdicts, strict=True)
        )
        return replace(self, decided=new)

    @staticmethod
    def _judged(criterion: Criterion, evidence: Evidence, *, go: bool) -> Verdict | None:
        outcome = outcome_of(criterion, evidence, method=Method.ANYTIME)
        if outcome is Outcome.GO and not go:
            return None
        return judge(criterion, evidence, method=Method.ANYTIME) if is_final(criterion, evidence, outcome) else None


def at_the_end(looked: Verdict, whole: Verdict) -> Verdict:
    """Return the verdict on a criterion that no look decided, when the run has come to its end.

    An overload that grows from the first request to the last has no independent stretches for bets to count. The fifth
    of the doubt that looks leave is therefore spent on one test of the whole run, which can only refute.

    Args:
        looked: by the bounds that hold at every look.
        whole: by those of a run of fixed length.
    """
    if looked.p is None or whole.p is None or looked.outcome is not Outcome.INCONCLUSIVE:
        return looked
    p = Method.ANYTIME.at_the_end(whole.p)
    if whole.outcome is Outcome.NO_GO and p <= 1 - whole.confidence:
        return replace(whole, p=min(p, looked.p))
    return replace(looked, p=min(p, looked.p))


def is_final(criterion: Criterion, evidence: Evidence, outcome: Outcome) -> bool:
    """Return whether further requests cannot change ``outcome``, beyond the chance that the confidence leaves.

    What was shown or refuted by bounds is final. A fact about all requests of a run is known at its end only, but for
    an exception that has happened and a number of requests that is reached.
    """
    if isinstance(evidence, Proportion) and is_absolute(criterion):
        return outcome is Outcome.NO_GO
    if isinstance(evidence, Fact):
        counted = evidence.unit == "count"
        return outcome is Outcome.GO if counted and ">" in criterion.text else outcome is Outcome.NO_GO and not counted
    if isinstance(evidence, Split):
        # A user may still turn up at another model.
        return outcome is Outcome.NO_GO
    return outcome is not Outcome.INCONCLUSIVE

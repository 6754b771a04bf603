"""The plan of a rollout: which weights, for how long, judged by what."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gonogo.errors import UsageError
from gonogo.measures.arms import SUBSET
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.grammar import parse

__all__ = ["STEPS", "RolloutPlan", "Step", "read_plan"]

STEPS: Final = (1, 5, 25, 50, 100)
"""Weights of the candidate, per cent, where nobody says others."""

WHOLE: Final = 100

_UNBOUND: Final = re.compile(r"(\s*[A-Za-z_][\w.]*\.difference)(?!\s*\[)")
Require = str | Criterion | Sequence[str | Criterion]


@dataclass(frozen=True, slots=True)
class Step:
    """One weight of the candidate.

    Attributes:
        percent: of the requests that go to the candidate, above 0.
        criteria: what must be shown before the next step. At 100 % there is no current model to compare with: only
            criteria that compare nothing are looked at.
        least_s: no earlier than so many seconds after the weights changed.
        most_s: undecided after so long, the rollout holds.
    """

    percent: int
    criteria: tuple[Criterion, ...]
    least_s: float
    most_s: float

    def __post_init__(self) -> None:
        if not 0 < self.percent <= WHOLE:
            raise UsageError(f"a step of {self.percent} %", mend="give whole per cents from 1 to 100")
        if not (0 < self.least_s <= self.most_s < math.inf):
            raise UsageError(
                f"a step of {self.least_s:g} to {self.most_s:g} s",
                where=f"{self.percent} %",
                mend="give least=, and most= that is not shorter",
            )

    @property
    def comparing(self) -> bool:
        """Whether there is a current model to compare with."""
        return self.percent < WHOLE


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """A whole rollout.

    Attributes:
        service: whose weights change.
        current, candidate: its subsets.
        steps: the candidate's weight grows from each to the next.
    """

    service: str
    current: str
    candidate: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        percents = [step.percent for step in self.steps]
        if not percents or percents != sorted(set(percents)):
            raise UsageError(
                f"steps {percents}", where="rollout", mend="give weights that grow, such as steps=(1, 5, 25, 50, 100)"
            )
        if self.current == self.candidate:
            raise UsageError(f"{self.current!r} is current and candidate", where="rollout", mend="name two subsets")

    def weights(self, percent: int) -> Mapping[str, int]:
        """Return the weights that give the candidate ``percent``."""
        return {self.current: WHOLE - percent, self.candidate: percent}

    @property
    def most_s(self) -> float:
        """The longest that all steps can take."""
        return sum(step.most_s for step in self.steps)


def read_plan(
    service: str,
    current: str,
    candidate: str,
    *,
    steps: Sequence[int],
    require: Require | Mapping[int, Require],
    least_s: float,
    most_s: float,
) -> RolloutPlan:
    """Return the plan that a suite asks for.

    Args:
        service: whose weights change.
        current: subset that has the requests now.
        candidate: subset that shall have them.
        steps: the candidate's weights, per cent.
        require: the criteria of every step, or a mapping from a step's weight to its own. A difference without
            brackets, as in ``success.difference >= -1%``, compares the two subsets.
        least_s: shortest time of a step.
        most_s: longest time of a step.

    Raises:
        UsageError: there is no criterion, or something cannot be used.
        GrammarError: a criterion cannot be read.
    """
    by_step = require if isinstance(require, Mapping) else dict.fromkeys(steps, require)
    unknown = [percent for percent in by_step if percent not in steps]
    if unknown:
        raise UsageError(f"criteria for {unknown[0]} %, which is no step", where="rollout", mend=f"have {list(steps)}")

    def criteria(percent: int) -> tuple[Criterion, ...]:
        given = by_step.get(percent, ())
        every = (given,) if isinstance(given, str | Criterion) else given
        return tuple(_criterion(one, candidate, current) for one in every)

    made = RolloutPlan(
        service, current, candidate, tuple(Step(percent, criteria(percent), least_s, most_s) for percent in steps)
    )
    bare = [step.percent for step in made.steps if step.comparing and not step.criteria]
    if bare:
        raise UsageError(
            f"the step of {bare[0]} % has no criterion",
            where="rollout",
            mend='give require=["success.difference >= -1%"]',
        )
    return made


def _criterion(given: str | Criterion, candidate: str, current: str) -> Criterion:
    if isinstance(given, Criterion):
        return given
    return parse(_UNBOUND.sub(rf"\1[{SUBSET}: {candidate} vs {current}]", given, count=1))

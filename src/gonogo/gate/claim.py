"""The claim behind a verdict's expression, read back so that it can be said in words and drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gonogo.errors import GrammarError
from gonogo.verdicts.criterion import Between, Criterion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Verdict

__all__ = ["Allowed", "allowed", "criterion_of"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Where a figure must lie, in the unit of its criterion; an end that is not limited is infinite."""

    low: float = -math.inf
    high: float = math.inf

    @property
    def ends(self) -> tuple[float, ...]:
        """The finite ends, which are the limits."""
        return tuple(dict.fromkeys(end for end in (self.low, self.high) if math.isfinite(end)))


def criterion_of(expression: str) -> Criterion | None:
    """Return the criterion that ``expression`` says; None when the text grammar has no words for it."""
    try:
        return parse(expression)
    except GrammarError:
        return None


def allowed(verdict: Verdict) -> Allowed | None:
    """Return where the figure of ``verdict`` must lie; None when its expression does not say it as a range."""
    criterion = criterion_of(verdict.expression)
    if criterion is None:
        return None
    claim = criterion.claim
    if isinstance(claim, Between):
        return Allowed(claim.low, claim.high)
    if claim.operator in ("<", "<="):
        return Allowed(high=claim.limit)
    if claim.operator in (">", ">="):
        return Allowed(low=claim.limit)
    return Allowed(claim.limit, claim.limit) if claim.operator == "==" else None

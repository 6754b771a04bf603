"""The order in which criteria are told: the worst first."""

from __future__ import annotations

import math
from collections.abc import Iterable

from gonogo.gate.judgment import CriterionEntry
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["distance", "worst_first"]

_RANK = {Outcome.NO_GO: 0, Outcome.INCONCLUSIVE: 1, Outcome.GO: 2}
_HALF = 0.5


def worst_first(criteria: Iterable[CriterionEntry]) -> tuple[CriterionEntry, ...]:
    """Return ``criteria`` as a reader needs them.

    First NO-GO, the farthest from its limit before the others; then INCONCLUSIVE, those without any observation
    before the others; then GO, the closest to its limit before the others. Ties keep their order.
    """
    return tuple(sorted(criteria, key=_key))


def distance(verdict: Verdict) -> float:
    """Return how many times the observation and the limit lie apart, at least 1; NaN without an observation.

    Shares above one half are compared by what is missing to 1: 99 % is ten times as far from 1 as 99.9 %.
    """
    observed, limit = verdict.observed, verdict.limit
    if math.isnan(observed) or math.isnan(limit):
        return math.nan
    if verdict.unit == "share" and limit > _HALF:
        observed, limit = 1 - observed, 1 - limit
    if observed == limit:
        return 1.0
    small, large = sorted((abs(observed), abs(limit)))
    return large / small if small > 0 else math.inf


def _key(entry: CriterionEntry) -> tuple[int, float]:
    rank, apart = _RANK[entry.verdict.outcome], distance(entry.verdict)
    if entry.verdict.outcome is Outcome.INCONCLUSIVE:
        return rank, 0.0 if math.isnan(apart) else 1.0
    if math.isnan(apart):
        return rank, -math.inf
    return rank, -apart if entry.verdict.outcome is Outcome.NO_GO else apart

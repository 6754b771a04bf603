"""One-sided claims: what every criterion is made of, and what an interval says about one."""

from __future__ import annotations

import math
from collections.abc import Iterable

from gonogo.verdicts.criterion import Between, Comparison
from gonogo.verdicts.verdict import Outcome, worst

__all__ = ["decide", "decide_all", "holds", "nearest_limit", "one_sided"]


def one_sided(claim: Comparison | Between) -> tuple[Comparison, ...]:
    """Return the one-sided claims that together make ``claim``; ``between`` is two (two one-sided tests)."""
    if isinstance(claim, Between):
        return Comparison(">=", claim.low), Comparison("<=", claim.high)
    return (claim,)


def decide(claim: Comparison, low: float, high: float) -> Outcome:
    """Return what one-sided bounds ``low`` and ``high`` on the truth say about ``claim``; NaN says nothing."""
    limit = claim.limit
    shown, excluded = {
        "<=": (high <= limit, low > limit),
        "<": (high < limit, low >= limit),
        ">=": (low >= limit, high < limit),
        ">": (low > limit, high <= limit),
        "==": (low == limit == high, low > limit or high < limit),
        "!=": (low > limit or high < limit, low == limit == high),
    }[claim.operator]
    return Outcome.GO if shown else Outcome.NO_GO if excluded else Outcome.INCONCLUSIVE


def decide_all(claims: Iterable[Comparison], low: float, high: float) -> Outcome:
    """Return the worst of what the bounds say about each claim: GO needs all of them."""
    return worst(decide(claim, low, high) for claim in claims)


def holds(claim: Comparison | Between, value: float) -> Outcome:
    """Return whether ``claim`` is true of a figure that is known exactly; INCONCLUSIVE for NaN."""
    return decide_all(one_sided(claim), value, value)


def nearest_limit(claim: Comparison | Between, observed: float) -> float:
    """Return the limit that ``observed`` is held against: of two, the nearer one."""
    if isinstance(claim, Comparison):
        return claim.limit
    if math.isnan(observed):
        return claim.high
    return min((claim.high, claim.low), key=lambda limit: abs(limit - observed))

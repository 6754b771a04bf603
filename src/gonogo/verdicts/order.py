"""Quantiles and their bounds from order statistics: no assumption about the distribution.

A quantile is always one of the observed values: the smallest that at least the level's share of all values does not
exceed. Its bounds follow from exact bounds on a share (David and Nagaraja, Order Statistics, Wiley 2003).
"""

from __future__ import annotations

import math

import numpy as np

from gonogo.verdicts.evidence import FloatArray
from gonogo.verdicts.method import Method
from gonogo.verdicts.search import first

__all__ = ["quantile", "quantile_bounds", "quantiles"]

_ROUNDING = 1e-9


def quantile(values: FloatArray, level: float) -> float:
    """Return the ``level`` quantile of ``values`` in any order; NaN when there are none."""
    return quantiles(values, (level,))[0]


def quantiles(values: FloatArray, levels: tuple[float, ...]) -> tuple[float, ...]:
    """Return the quantiles of ``values`` at ``levels``; NaN when there are none."""
    n = len(values)
    if n == 0:
        return (math.nan,) * len(levels)
    # 0.07 * 100 is a little more than 7: that is rounding, not an eighth value.
    ranks = [min(n, max(1, math.ceil(n * level - _ROUNDING))) for level in levels]
    ordered = np.partition(values, sorted({rank - 1 for rank in ranks}))
    return tuple(float(ordered[rank - 1]) for rank in ranks)


def quantile_bounds(
    values: FloatArray, level: float, confidence: float, *, effect: float = 1.0, method: Method = Method.FIXED
) -> tuple[float, float]:
    """Return the one-sided lower and upper bound of a quantile, each at ``confidence``.

    The upper one is the value that so few exceed that the share of slower ones is shown to be at most ``1 - level``.

    Args:
        values: float64[n], in any order.
        level: above 0 and below 1.
        confidence: one-sided.
        effect: design effect: n values tell as much as n / effect independent ones.
        method: of the bounds on a share.

    Returns:
        ``-inf`` or ``inf`` where there are too few values for a bound.
    """
    n = len(values)
    allowed, doubt = 1 - level, 1 - confidence
    slower = first(0, n, lambda hits: method.p_below(hits, n, allowed, effect=effect) > doubt) - 1
    at_least = first(0, n, lambda hits: method.p_above(hits, n, allowed, effect=effect) <= doubt)
    wanted = {n - slower - 1} if 0 <= slower < n else set()
    wanted |= {n - at_least} if at_least <= n else set()
    ordered = np.partition(values, sorted(wanted)) if wanted else values
    high = float(ordered[n - slower - 1]) if 0 <= slower < n else math.inf
    low = float(ordered[n - at_least]) if at_least <= n else -math.inf
    return low, high

"""Exact bounds on a share, and the numbers of requests that they need.

The bounds are those of Clopper and Pearson (Biometrika 26, 1934, 404-413), one-sided, written with the beta
distribution so that an effective number of requests need not be whole (Korn and Graubard, 1998; described in the
SAS/STAT User's Guide, The SURVEYFREQ Procedure, Confidence Limits for Proportions).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from scipy.special import bdtr, betaincinv

from gonogo.verdicts.search import first

__all__ = [
    "MOST_REQUESTS",
    "chance_of_showing",
    "least_hits_above",
    "lower_bound",
    "most_hits_within",
    "requests_for_hits",
    "requests_to_decide",
    "ruled_out",
    "smallest_number",
    "upper_bound",
]

MOST_REQUESTS: Final = 10**9
"""More requests than this are no plan."""


def upper_bound(hits: float, trials: float, confidence: float, *, effect: float = 1.0) -> float:
    """Return the share that the truth is at most, at one-sided ``confidence``, after ``hits`` of ``trials``.

    Args:
        hits: requests with the property.
        trials: requests, at least 1.
        confidence: above 0.5 and below 1.
        effect: design effect, at least 1, by which both are divided first.
    """
    return 1 - lower_bound(trials - hits, trials, confidence, effect=effect)


def lower_bound(hits: float, trials: float, confidence: float, *, effect: float = 1.0) -> float:
    """Return the share that the truth is at least; the counterpart of :func:`upper_bound`.

    However the requests depend on each other, the truth is at least ``1 - confidence`` times the observed share
    (Markov's inequality). The exact bound of independent requests is never below that.
    """
    if hits <= 0:
        return 0.0
    exact = float(betaincinv(hits / effect, (trials - hits) / effect + 1, 1 - confidence))
    return max(exact, (1 - confidence) * hits / trials) if effect > 1 else exact


def ruled_out(trials: int, confidence: float) -> float:
    """Return the share that none of ``trials`` requests rules out: ``1 - (1 - confidence)^(1/n)``, about 3/n."""
    return -math.expm1(math.log1p(-confidence) / trials)


def most_hits_within(allowed: float, trials: float, confidence: float, *, effect: float = 1.0) -> int:
    """Return the most hits of ``trials`` whose upper bound is at most ``allowed``; -1 when not even none is enough.

    Args:
        allowed: share.
        trials: requests, at least 1.
        confidence: one-sided.
        effect: design effect by which hits and trials are divided first.
    """
    return first(0, math.floor(trials), lambda k: upper_bound(k, trials, confidence, effect=effect) > allowed) - 1


def least_hits_above(allowed: float, trials: float, confidence: float, *, effect: float = 1.0) -> int:
    """Return the fewest hits of ``trials`` whose lower bound is above ``allowed``; ``trials + 1`` when none is."""
    return first(0, math.floor(trials), lambda k: lower_bound(k, trials, confidence, effect=effect) > allowed)


def requests_for_hits(hits: int, allowed: float, confidence: float) -> int | None:
    """Return the fewest requests of which ``hits`` may hit, so that the share is shown to be at most ``allowed``."""
    return smallest_number(hits + 1, lambda n: upper_bound(hits, n, confidence) <= allowed)


def chance_of_showing(trials: int, truth: float, allowed: float, confidence: float) -> float:
    """Return the chance that ``trials`` independent requests show a share of at most ``allowed`` if it is ``truth``."""
    most = most_hits_within(allowed, trials, confidence)
    return 0.0 if most < 0 else float(bdtr(most, trials, truth))


def requests_to_decide(truth: float, allowed: float, confidence: float, *, chance: float = 0.9) -> int | None:
    """Return the requests that, with ``chance``, show on which side of ``allowed`` a share of ``truth`` lies.

    None when the share is too near the limit for any number in reach.
    """

    def enough(trials: int) -> bool:
        if truth < allowed:
            return chance_of_showing(trials, truth, allowed, confidence) >= chance
        least = least_hits_above(allowed, trials, confidence)
        return least <= trials and 1 - float(bdtr(least - 1, trials, truth)) >= chance

    return None if truth == allowed else smallest_number(1, enough)


def smallest_number(start: int, holds: Callable[[int], bool]) -> int | None:
    """Return the smallest number of requests from ``start`` for which ``holds``; None when above MOST_REQUESTS.

    Found by doubling and halving, so where ``holds`` wavers (a chance in steps of whole requests) it is one of the
    smallest.
    """
    step = start
    while not holds(step):
        if step >= MOST_REQUESTS:
            return None
        step = min(2 * step, MOST_REQUESTS)
    return first(max(start, step // 2), step, holds)

"""Bets against a claim: bounds that hold at every moment of a run, so that it may stop when it is decided.

Whoever bets at fair odds that a claim is wrong multiplies the stake by 20 with a chance of at most 1 in 20 if the claim
is right, however often the account is looked at (Ville's inequality). The stake is spread over several bets, each of
which is the best one for some truth (the method of mixtures: Robbins, Statistical methods related to the law of the
iterated logarithm, Annals of Mathematical Statistics 41, 1970). For bounded values that are no shares the bets are
those of Waudby-Smith and Ramdas (Estimating means of bounded random variables by betting, 2024, arXiv:2010.09686),
with fixed stakes.

``effect`` divides what a request tells: n requests of which ``effect`` tell the same count as n / effect.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from gonogo.verdicts.evidence import FloatArray, IntArray
from gonogo.verdicts.search import first

__all__ = [
    "bet_mean_above",
    "bet_mean_below",
    "bet_share_above",
    "bet_share_below",
    "bound_above",
    "bound_below",
    "log_wealth_below",
    "log_wealth_mean",
    "most_hits_below",
]

# Truths to bet on, by how far their odds lie from those of the limit. The last is the spotless (or hopeless) service.
_FACTORS: Final = np.array([1.25, 1.6, 2.2, 3.2, 5.0, 10.0, 40.0])
_WEIGHTS: Final = np.array([0.08, 0.1, 0.12, 0.12, 0.14, 0.14, 0.1])
_SPOTLESS: Final = 0.2
_STAKES: Final = np.array([0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 0.98])
_STEPS: Final = 45
_MOST_LOG: Final = 700.0


def bet_share_below(hits: float, trials: float, limit: float, *, effect: float = 1.0) -> float:
    """Return the p-value, valid at every moment, of the claim that a share is at least ``limit``.

    Small when the share is below the limit: 1 over what bets against the claim have made of a stake of 1.
    """
    if limit <= 0:
        return 1.0
    if limit >= 1:
        return 0.0
    log = log_wealth_below(np.array(hits / effect), np.array((trials - hits) / effect), limit)
    return math.exp(-min(max(float(log), 0.0), _MOST_LOG))


def log_wealth_below(hits: FloatArray, misses: FloatArray, limit: float) -> FloatArray:
    """Return the logarithm of what bets that a share is below ``limit`` have made of a stake of 1.

    Args:
        hits: float64[...], requests with the property.
        misses: float64[...], requests without it.
        limit: share above 0 and below 1.
    """
    odds = limit / (1 - limit) / _FACTORS
    truths = odds / (1 + odds)
    hits, misses = hits[..., np.newaxis], misses[..., np.newaxis]
    logs = hits * np.log(truths / limit) + misses * np.log((1 - truths) / (1 - limit)) + np.log(_WEIGHTS)
    spotless = np.where(hits == 0, math.log(_SPOTLESS) - misses * math.log1p(-limit), -np.inf)
    return np.asarray(np.logaddexp.reduce(np.concatenate([logs, spotless], axis=-1), axis=-1))


def most_hits_below(limit: float, trials: int, confidence: float) -> int:
    """Return the most hits of ``trials`` by which a share is shown to be below ``limit``; -1 when not even by none."""
    doubt = 1 - confidence
    return first(0, trials, lambda hits: bet_share_below(hits, trials, limit) > doubt) - 1


def bet_share_above(hits: float, trials: float, limit: float, *, effect: float = 1.0) -> float:
    """Return the p-value, valid at every moment, of the claim that a share is at most ``limit``."""
    return bet_share_below(trials - hits, trials, 1 - limit, effect=effect)


def bet_mean_below(values: FloatArray, limit: float, most: float, *, effect: float = 1.0) -> float:
    """Return the p-value, valid at every moment, of the claim that the mean of values of 0 to ``most`` is >= ``limit``.

    With ``most`` infinite no number of values says anything against it.
    """
    if limit >= most:
        return 0.0
    return 1.0 if math.isinf(most) else _stakes((limit - values) / (most - limit), effect)


def bet_mean_above(values: FloatArray, limit: float, *, effect: float = 1.0) -> float:
    """Return the p-value, valid at every moment, of the claim that the mean of values of at least 0 is <= ``limit``."""
    return 0.0 if limit < 0 else 1.0 if limit == 0 else _stakes((values - limit) / limit, effect)


def bound_above(hits: float, trials: float, confidence: float, *, effect: float = 1.0) -> float:
    """Return the share that the truth is at most, at every moment of a run at once."""
    return 1 - bound_below(trials - hits, trials, confidence, effect=effect)


def bound_below(hits: float, trials: float, confidence: float, *, effect: float = 1.0) -> float:
    """Return the share that the truth is at least, at every moment of a run at once."""
    if hits <= 0:
        return 0.0

    def excluded(share: float) -> bool:
        return bet_share_above(hits, trials, share, effect=effect) <= 1 - confidence

    return _last(excluded, hits / trials)


def _last(excluded: Callable[[float], bool], high: float) -> float:
    """Return the largest value below ``high`` up to which all are excluded."""
    low = 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if excluded(middle) else (low, middle)
    return low


def log_wealth_mean(gains: FloatArray, looks: IntArray, effect: FloatArray | float = 1.0) -> FloatArray:
    """Return the logarithm of what bets on a mean have made of a stake of 1, at each look.

    Args:
        gains: float64[n], of each request on the whole stake, at least -1.
        looks: int64[k], rising numbers of requests, at least 1.
        effect: design effect, of each look or of all.
    """
    starts = np.concatenate([[0], looks[:-1]])
    gains = gains[: looks[-1]]
    between = [np.add.reduceat(np.log1p(stake * gains), starts) for stake in _STAKES]
    logs = np.cumsum(between, axis=1) / effect
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - math.log(len(_STAKES)))


def _stakes(gains: FloatArray, effect: float) -> float:
    """Return the p-value of bets whose gain on each request is at least -1 for the whole stake."""
    logs = np.array([float(np.log1p(stake * gains).sum()) for stake in _STAKES]) / effect
    log = float(np.logaddexp.reduce(logs)) - math.log(len(_STAKES))
    return math.exp(-min(max(log, 0.0), _MOST_LOG))

"""Estimates: what evidence says without a criterion, to look at and not to decide on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gonogo.verdicts.binomial import lower_bound, upper_bound
from gonogo.verdicts.evidence import Evidence, Mean, Proportion, Quantile
from gonogo.verdicts.mean import mean_interval
from gonogo.verdicts.order import quantile, quantile_bounds
from gonogo.verdicts.proportion import share_dependence
from gonogo.verdicts.quantile import tail_dependence

__all__ = ["Estimate", "estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its uncertainty.

    Attributes:
        value: the observed figure, NaN without data.
        low: one-sided lower bound at the confidence; ``-inf`` when there is none.
        high: one-sided upper bound at the confidence; ``inf`` when there is none.
        n: requests that it rests on.
        unit: ``s``, ``share``, ``/s`` or ``count``.
        noun: what it is.
        confidence: of each bound; 1.0 for facts.
    """

    value: float
    low: float
    high: float
    n: int
    unit: str
    noun: str
    confidence: float


def estimate(evidence: Evidence, *, confidence: float = 0.95) -> Estimate:
    """Return the point and the interval that ``evidence`` gives."""
    if isinstance(evidence, Proportion):
        return _share(evidence, confidence)
    if isinstance(evidence, Quantile):
        return _quantile(evidence, confidence)
    if isinstance(evidence, Mean):
        low, high = mean_interval(evidence, confidence)
        return Estimate(evidence.observed, low, high, evidence.n, evidence.unit, evidence.noun, confidence)
    value = evidence.value
    return Estimate(value, value, value, evidence.n, evidence.unit, evidence.noun, 1.0)


def _share(evidence: Proportion, confidence: float) -> Estimate:
    hits, trials = int(evidence.hits.sum()), int(evidence.trials.sum())
    if trials == 0:
        return Estimate(math.nan, 0.0, 1.0, 0, "share", evidence.noun, confidence)
    effect = share_dependence(evidence, confidence).effect
    low = lower_bound(hits, trials, confidence, effect=effect)
    high = upper_bound(hits, trials, confidence, effect=effect)
    return Estimate(hits / trials, low, high, trials, "share", evidence.noun, confidence)


def _quantile(evidence: Quantile, confidence: float) -> Estimate:
    n = len(evidence.values)
    if n == 0:
        return Estimate(math.nan, -math.inf, math.inf, 0, "s", evidence.noun, confidence)
    value = quantile(evidence.values, evidence.level)
    effect = tail_dependence(evidence, value, confidence).effect
    low, high = quantile_bounds(evidence.values, evidence.level, confidence, effect=effect)
    return Estimate(value, low, high, n, "s", evidence.noun, confidence)

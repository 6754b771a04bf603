"""Estimates: what evidence says without a criterion, to look at and not to decide on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gonogo.verdicts.binomial import lower_bound, upper_bound
from gonogo.verdicts.difference import difference_interval
from gonogo.verdicts.evidence import Difference, Evidence, Mean, Missing, Proportion, Quantile, Slices, Split, Stability
from gonogo.verdicts.mean import mean_interval
from gonogo.verdicts.order import quantile, quantile_bounds
from gonogo.verdicts.proportion import counted
from gonogo.verdicts.quantile import tail_dependence
from gonogo.verdicts.slices import lowest_slice
from gonogo.verdicts.split import shared_out
from gonogo.verdicts.stability import stability, stability_bounds

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


def estimate(  # noqa: PLR0911 - one line for each kind of evidence
    evidence: Evidence, *, confidence: float = 0.95
) -> Estimate:
    """Return the point and the interval that ``evidence`` gives."""
    if isinstance(evidence, Proportion):
        return _share(evidence, confidence)
    if isinstance(evidence, Quantile):
        return _quantile(evidence, confidence)
    if isinstance(evidence, Mean):
        low, high = mean_interval(evidence, confidence)
        return Estimate(evidence.observed, low, high, evidence.n, evidence.unit, evidence.noun, confidence)
    if isinstance(evidence, Split):
        return _split(evidence, confidence)
    if isinstance(evidence, Difference):
        value, low, high = difference_interval(evidence, confidence)
        n, unit = _size(evidence.candidate) + _size(evidence.current), _unit(evidence.candidate)
        return Estimate(value, low, high, n, unit, evidence.noun, confidence)
    if isinstance(evidence, Stability):
        low, high = stability_bounds(evidence, confidence)
        return Estimate(stability(evidence), low, high, evidence.n, "index", evidence.noun, confidence)
    if isinstance(evidence, Slices):
        share, low, high, n = lowest_slice(evidence, confidence)
        return Estimate(share, low, high, n, "share", evidence.noun, confidence)
    if isinstance(evidence, Missing):
        return Estimate(math.nan, -math.inf, math.inf, evidence.n, evidence.unit, evidence.noun, confidence)
    value = evidence.value
    return Estimate(value, value, value, evidence.n, evidence.unit, evidence.noun, 1.0)


def _share(evidence: Proportion, confidence: float) -> Estimate:
    hits, trials = int(evidence.hits.sum()), int(evidence.trials.sum())
    if trials == 0:
        return Estimate(math.nan, 0.0, 1.0, 0, "share", evidence.noun, confidence)
    effect = counted(evidence).dependence(confidence).effect
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


def _split(evidence: Split, confidence: float) -> Estimate:
    """Return how far the shares are from their weights at most."""
    noun = f"largest distance of a share of {evidence.noun} from its weight"
    if not evidence.n:
        return Estimate(math.nan, 0.0, 1.0, 0, "share", noun, confidence)
    shares = shared_out(evidence, confidence)
    observed = max(abs(one.share - one.weight) for one in shares)
    low, high = max(one.nearest for one in shares), max(one.farthest for one in shares)
    return Estimate(observed, low, high, evidence.n, "share", noun, confidence)


def _size(evidence: Proportion | Quantile) -> int:
    return int(evidence.trials.sum()) if isinstance(evidence, Proportion) else len(evidence.values)


def _unit(evidence: Proportion | Quantile) -> str:
    return "share" if isinstance(evidence, Proportion) else "s"

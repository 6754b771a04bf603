"""Means and rates: a t interval over time blocks.

Batch means with the t distribution (Law, Simulation Modeling and Analysis, 5th edition, 9.5.3).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from gonogo.units import format_count
from gonogo.verdicts.blocks import FEWEST_BLOCKS, Spread, spread
from gonogo.verdicts.claims import decide_all, nearest_limit, one_sided
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import Mean
from gonogo.verdicts.ruling import rule, without_data
from gonogo.verdicts.share import unsettled_end
from gonogo.verdicts.verdict import Outcome, Verdict
from gonogo.verdicts.wording import about, bounds, capital, limit_text, sentence, show

__all__ = ["judge_mean", "mean_interval"]

_CHANCE = 0.9


def judge_mean(criterion: Criterion, evidence: Mean) -> Verdict:
    """Judge a claim about a mean (weights are requests) or a rate (weights are seconds)."""
    observed, n = evidence.observed, evidence.n
    if n == 0 or not evidence.weights.any() or math.isnan(observed):
        return without_data(criterion, f"the {evidence.noun}")
    if not _defined(evidence):
        mend = f"; {evidence.mend}" if evidence.mend else ""
        reason = f"{capital(evidence.noun)} is undefined, as some requests have no value{mend}."
        anything = (-math.inf, math.inf)
        return rule(criterion, Outcome.INCONCLUSIVE, reason, observed=math.inf, interval=anything, n=n)
    seen = _spread(evidence, criterion.confidence)
    low, high = observed - seen.reach, observed + seen.reach
    outcome = decide_all(one_sided(criterion.claim), low, high)
    if outcome is Outcome.GO and not seen.settled:
        outcome = Outcome.INCONCLUSIVE
    needed = _needed(criterion, observed, seen, n) if outcome is Outcome.INCONCLUSIVE else None
    reason = sentence(
        f"{evidence.noun} is {show(observed, evidence.unit)} over {format_count(n)} requests",
        bounds(criterion.claim, outcome, low, high, evidence.unit),
        limit_text(criterion.claim, evidence.unit),
        confidence=criterion.confidence,
        tail=_open_end(seen, needed, n) if outcome is Outcome.INCONCLUSIVE else "",
    )
    return rule(criterion, outcome, reason, observed=observed, interval=(low, high), n=n, needed=needed)


def mean_interval(evidence: Mean, confidence: float) -> tuple[float, float]:
    """Return the one-sided lower and upper bound, each at ``confidence``; open where the mean is undefined."""
    if evidence.n == 0 or not evidence.weights.any() or not _defined(evidence):
        return -math.inf, math.inf
    reach = _spread(evidence, confidence).reach
    return evidence.observed - reach, evidence.observed + reach


def _defined(evidence: Mean) -> bool:
    return math.isfinite(evidence.observed) and bool(np.isfinite(evidence.values[evidence.weights > 0]).all())


def _spread(evidence: Mean, confidence: float) -> Spread:
    totals = np.where(evidence.weights > 0, evidence.values, 0.0) * evidence.weights
    return spread(totals, evidence.weights, confidence)


def _needed(criterion: Criterion, observed: float, seen: Spread, n: int) -> int | None:
    """Return the requests in all that would decide with 9 chances in 10, or None when no number can be named."""
    gap = abs(observed - nearest_limit(criterion.claim, observed))
    if gap == 0 or not seen.longer or not math.isfinite(seen.reach):
        return None
    sure = float(ndtri(criterion.confidence))
    wider = (seen.reach / gap) * (sure + float(ndtri(_CHANCE))) / sure
    return max(FEWEST_BLOCKS, n + 1, math.ceil(n * max(seen.longer if not seen.settled else 1, wider**2)))


def _open_end(seen: Spread, needed: int | None, n: int) -> str:
    if not seen.settled:
        return unsettled_end(n, None if needed is None else needed - n)
    if needed is None:
        return "the observed figure is too near the limit for any number of requests to decide"
    return f"{about(needed - n)} more requests like these would decide"

"""Means and rates: a t interval over time blocks, and for GO a bound that trusts no shape of the distribution.

Batch means with the t distribution (Law, Simulation Modeling and Analysis, the chapter on output analysis). A t
interval believes that the mean of a block is about normal: a run that saw none of a few very long latencies gives a
small mean and a narrow interval, both wrong. What rules those out is a bet that the mean is at the limit, at stakes
that the longest possible value, the timeout, allows (see :mod:`gonogo.verdicts.betting`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtri

from gonogo.units import format_count
from gonogo.verdicts.betting import bet_mean_above, bet_mean_below
from gonogo.verdicts.blocks import FEWEST_BLOCKS, Spread, enough_requests, grouped, spread
from gonogo.verdicts.claims import nearest_limit, one_sided
from gonogo.verdicts.criterion import Comparison, Criterion
from gonogo.verdicts.evidence import FloatArray, Mean, Signal
from gonogo.verdicts.memory import measure_memory, nearness
from gonogo.verdicts.method import Method
from gonogo.verdicts.ruling import rule, without_data
from gonogo.verdicts.share import unsettled_end
from gonogo.verdicts.verdict import Outcome, Verdict
from gonogo.verdicts.wording import about, bounds, capital, limit_text, sentence, show

__all__ = ["assess_mean", "judge_mean", "mean_interval"]

_CHANCE: Final = 0.9
_CAUTION: Final = 1.5


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the run says about a mean: bounds, the outcome, and the p-value of the test that NO-GO rests on."""

    outcome: Outcome
    low: float
    high: float
    p: float
    settled: bool
    needed: int | None


def judge_mean(criterion: Criterion, evidence: Mean, method: Method = Method.FIXED) -> Verdict:
    """Judge a claim about a mean (weights are requests) or a rate (weights are seconds)."""
    observed, n = evidence.observed, evidence.n
    if n == 0 or not evidence.weights.any() or math.isnan(observed):
        return without_data(criterion, f"the {evidence.noun}")
    if not _defined(evidence):
        mend = f"; {evidence.mend}" if evidence.mend else ""
        reason = f"{capital(evidence.noun)} is undefined, as some requests have no value{mend}."
        anything = (-math.inf, math.inf)
        return rule(criterion, Outcome.INCONCLUSIVE, reason, observed=math.inf, interval=anything, n=n)
    seen = _assess(criterion, evidence, method)
    reason = sentence(
        f"{evidence.noun} is {show(observed, evidence.unit)} over {format_count(n)} requests",
        bounds(criterion.claim, seen.outcome, seen.low, seen.high, evidence.unit),
        limit_text(criterion.claim, evidence.unit),
        confidence=criterion.confidence,
        tail=_open_end(seen, n) if seen.outcome is Outcome.INCONCLUSIVE else "",
    )
    interval = (seen.low, seen.high)
    return rule(
        criterion, seen.outcome, reason, observed=observed, interval=interval, n=n, needed=seen.needed, p=seen.p
    )


def assess_mean(criterion: Criterion, evidence: Mean, method: Method) -> Outcome:
    """Return the outcome alone."""
    known = evidence.n > 0 and bool(evidence.weights.any()) and _defined(evidence)
    if not known or (method is Method.ANYTIME and _is_open(criterion, evidence)):
        return Outcome.INCONCLUSIVE
    return _assess(criterion, evidence, method).outcome


def _is_open(criterion: Criterion, evidence: Mean) -> bool:
    """Return whether a look leaves the claim open because the service remembers for too long.

    The bets, which cost the most, need not be reckoned then.
    """
    return all(
        any(
            evidence.n < enough_requests(measure_memory(signal, doubt=Method.ANYTIME.memory_doubt))
            for signal in _signals(evidence, claim.limit)
        )
        and not _far_from(evidence, claim)
        for claim in one_sided(criterion.claim)
    )


def mean_interval(evidence: Mean, confidence: float) -> tuple[float, float]:
    """Return the one-sided lower and upper bound, each at ``confidence``; open where the mean is undefined."""
    if evidence.n == 0 or not evidence.weights.any() or not _defined(evidence):
        return -math.inf, math.inf
    reach = _spread(evidence).reach(confidence)
    return evidence.observed - reach, evidence.observed + reach


def _defined(evidence: Mean) -> bool:
    return math.isfinite(evidence.observed) and bool(np.isfinite(evidence.values[evidence.weights > 0]).all())


def _assess(criterion: Criterion, evidence: Mean, method: Method) -> _Seen:
    confidence, doubt = criterion.confidence, 1 - criterion.confidence
    seen = _spread(evidence)
    reach = seen.reach(confidence)
    low, high = evidence.observed - reach, evidence.observed + reach
    shown, p, settled, needed = True, 1.0, True, 0
    for claim in one_sided(criterion.claim):
        memory = _memory(evidence, claim.limit, method)
        effect = method.widened(1 + _CAUTION * (memory - 1))
        below, above = _bets(evidence, claim, effect)
        for_it, against = (below, above) if claim.operator in ("<", "<=") else (above, below)
        steady = seen.settled and evidence.n >= enough_requests(memory)
        settled = settled and steady
        inside = high <= claim.limit if claim.operator in ("<", "<=") else low >= claim.limit
        inside = inside if steady else inside and _far_from(evidence, claim)
        refuted = method.against(against) if method is Method.ANYTIME else _t_refutes(evidence, seen, claim, against)
        if method is Method.ANYTIME and (not steady or not len(evidence.each)):
            refuted = 1.0
        shown = shown and inside and (for_it <= doubt or not len(evidence.each))
        p = min(p, refuted)
        needed = max(needed, math.ceil(evidence.n * _times_more(for_it, doubt)))
    outcome = Outcome.NO_GO if p <= doubt else Outcome.GO if shown else Outcome.INCONCLUSIVE
    total = _needed(criterion, evidence, seen, settled=settled, least=needed)
    return _Seen(outcome, low, high, p, settled, total if outcome is Outcome.INCONCLUSIVE else None)


def _memory(evidence: Mean, limit: float, method: Method) -> float:
    """Return over how many requests the service remembers: near the limit, and in the long latencies beyond it."""
    return max((measure_memory(signal, doubt=method.memory_doubt) for signal in _signals(evidence, limit)), default=1.0)


def _signals(evidence: Mean, limit: float) -> Iterator[Signal]:
    if not len(evidence.each):
        return
    if evidence.signal is not None:
        yield evidence.signal
    yield nearness(evidence.each, evidence.block, limit)
    yield Signal.of(evidence.each, evidence.block)


def _bets(evidence: Mean, claim: Comparison, effect: float) -> tuple[float, float]:
    """Return the p-values that show the mean below the limit and above it, whatever the distribution."""
    if not len(evidence.each):
        return 1.0, 1.0
    below = bet_mean_below(evidence.each, claim.limit, evidence.most, effect=effect)
    return below, bet_mean_above(evidence.each, claim.limit, effect=effect)


def _times_more(p: float, doubt: float) -> float:
    """Return how many times the requests would bring a bet's p-value down to ``doubt``, going on like this."""
    return max(1.0, math.log(doubt) / math.log(p)) if 0 < p < 1 else 1.0


def _t_refutes(evidence: Mean, seen: Spread, claim: Comparison, bet: float) -> float:
    """Return the p-value of the t test against ``claim``.

    That a time is shorter than claimed needs the ``bet`` besides, as GO for the opposite claim does.
    """
    if claim.operator in ("<", "<="):
        return seen.doubt(evidence.observed - claim.limit)
    p = seen.doubt(claim.limit - evidence.observed)
    return max(p, bet) if evidence.unit == "s" and len(evidence.each) else p


def _far_from(evidence: Mean, claim: Comparison) -> bool:
    """Return whether the limit lies beyond the worst stretch of the run by as much as all stretches differ.

    Stretches of a run that drifts, or remembers for long, are not independent, so that no interval can be drawn from
    them. A limit that is still far off when the drift went on for another whole run is not in question.
    """
    stretches = _stretches(evidence)
    if len(stretches) < FEWEST_BLOCKS:
        return False
    worst, best = float(stretches.max()), float(stretches.min())
    if claim.operator in ("<", "<="):
        return worst + (worst - best) <= claim.limit
    return best - (worst - best) >= claim.limit


def _stretches(evidence: Mean) -> FloatArray:
    weights = evidence.weights
    totals = np.where(weights > 0, evidence.values, 0.0) * weights
    count = min(FEWEST_BLOCKS, len(weights))
    merged = grouped(weights, count)
    return grouped(totals, count)[merged > 0] / merged[merged > 0]


def _spread(evidence: Mean) -> Spread:
    totals = np.where(evidence.weights > 0, evidence.values, 0.0) * evidence.weights
    return spread(totals, evidence.weights, parts=evidence.parts)


def _needed(criterion: Criterion, evidence: Mean, seen: Spread, *, settled: bool, least: int) -> int | None:
    """Return the requests in all that would decide with 9 chances in 10, or None when no number can be named."""
    n = evidence.n
    gap = abs(evidence.observed - nearest_limit(criterion.claim, evidence.observed))
    reach = seen.reach(criterion.confidence)
    if gap == 0 or not seen.longer or not math.isfinite(reach):
        return None
    sure = float(ndtri(criterion.confidence))
    wider = (reach / gap) * (sure + float(ndtri(_CHANCE))) / sure
    return max(FEWEST_BLOCKS, n + 1, least, math.ceil(n * max(seen.longer if not settled else 1, wider**2)))


def _open_end(seen: _Seen, n: int) -> str:
    more = None if seen.needed is None else seen.needed - n
    if not seen.settled:
        return unsettled_end(n, more)
    if more is None:
        return "the observed figure is too near the limit for any number of requests to decide"
    return f"{about(more)} more requests like these would decide"

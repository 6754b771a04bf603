"""Quantiles: ``p99 <= L`` is tested as "the share slower than L is at most 1 %"."""

from __future__ import annotations

import math

import numpy as np

from gonogo.units import format_count, format_share
from gonogo.verdicts.blocks import Dependence
from gonogo.verdicts.claims import nearest_limit, one_sided
from gonogo.verdicts.criterion import Comparison, Criterion
from gonogo.verdicts.evidence import IntArray, Quantile
from gonogo.verdicts.memory import nearness
from gonogo.verdicts.method import Method
from gonogo.verdicts.order import quantile, quantile_bounds
from gonogo.verdicts.ruling import rule, without_data
from gonogo.verdicts.share import Assessment, Counts, assess, open_end
from gonogo.verdicts.verdict import Outcome, Verdict, worst
from gonogo.verdicts.wording import bounds, limit_text, sentence, show

__all__ = ["assess_quantile", "judge_quantile", "tail_claim", "tail_counts", "tail_dependence"]


def judge_quantile(criterion: Criterion, evidence: Quantile, method: Method = Method.FIXED) -> Verdict:
    """Judge a claim about a quantile."""
    values, level, claim, confidence = evidence.values, evidence.level, criterion.claim, criterion.confidence
    n = len(values)
    if n == 0:
        return without_data(criterion, f"the {evidence.noun}")
    observed = quantile(values, level)
    tests = assess_quantile(criterion, evidence, method)
    outcome = worst(seen.outcome for _, seen in tests)
    p = min(seen.p for _, seen in tests)
    effect = max(seen.effect for _, seen in tests)
    low, high = quantile_bounds(values, level, confidence, effect=effect, method=method)
    # The part that the outcome rests on explains it.
    part, seen = next(test for test in tests if test[1].outcome is outcome)
    needed = None
    if outcome is Outcome.INCONCLUSIVE:
        numbers = [other.needed for _, other in tests if other.outcome is outcome]
        needed = None if None in numbers else max(number for number in numbers if number is not None)
    reason = sentence(
        _subject(criterion.measure.name, evidence, observed),
        bounds(claim, outcome, low, high, criterion.unit),
        limit_text(claim, criterion.unit),
        confidence=confidence,
        tail="" if outcome is Outcome.GO else _tail(part, seen, evidence, criterion.unit),
    )
    return rule(criterion, outcome, reason, observed=observed, interval=(low, high), n=n, needed=needed, p=p)


def tail_dependence(evidence: Quantile, threshold: float, confidence: float) -> Dependence:
    """Return how the requests that are at least as slow as ``threshold`` depend on each other."""
    return Counts(*_counts(evidence, threshold, inclusive=True), parts=evidence.parts).dependence(confidence)


def assess_quantile(
    criterion: Criterion, evidence: Quantile, method: Method, *, forecast: bool = True
) -> list[tuple[Comparison, Assessment]]:
    """Return what the tests say of each side of a claim; at least one value is in the evidence."""
    parts, confidence = one_sided(criterion.claim), criterion.confidence
    return [(part, _assess(part, evidence, confidence, method, forecast=forecast)) for part in parts]


def _assess(claim: Comparison, evidence: Quantile, confidence: float, method: Method, *, forecast: bool) -> Assessment:
    """Test one side as a claim about the share of slow requests.

    ``q <= L`` holds exactly when the share above L is at most 1 - level, ``q < L`` when the share at or above L is.
    """
    return assess(
        tail_counts(evidence, claim), (tail_claim(claim, evidence.level),), confidence, method=method, forecast=forecast
    )


def tail_claim(claim: Comparison, level: float) -> Comparison:
    """Return what one side of a claim about a quantile says of the share of slow requests."""
    return Comparison("<=" if claim.operator in ("<", "<=") else ">", 1 - level)


def tail_counts(evidence: Quantile, claim: Comparison) -> Counts:
    """Return the requests that are slow in the sense of one side of a claim."""
    hits, trials = _counts(evidence, claim.limit, inclusive=claim.operator in ("<", ">="))
    return Counts(hits, trials, nearness(evidence.values, evidence.block, claim.limit), evidence.parts)


def _counts(evidence: Quantile, threshold: float, *, inclusive: bool) -> tuple[IntArray, IntArray]:
    """Return requests above ``threshold`` (or at it, when ``inclusive``) and all requests, by block."""
    slow = evidence.values >= threshold if inclusive else evidence.values > threshold
    blocks = int(evidence.block[-1]) + 1
    hits = np.bincount(evidence.block[slow], minlength=blocks).astype(np.int64)
    return hits, np.bincount(evidence.block, minlength=blocks).astype(np.int64)


def _subject(name: str, evidence: Quantile, observed: float) -> str:
    n = len(evidence.values)
    if math.isinf(observed):
        never = format_count(int(np.isinf(evidence.values).sum()))
        why = f"{never} of {format_count(n)} requests are slower than any limit"
        return f"the {name} of the {evidence.noun} has no bound, as {why}"
    return f"the {name} of the {evidence.noun} is {show(observed, 's')} over {format_count(n)} requests"


def _tail(part: Comparison, seen: Assessment, evidence: Quantile, unit: str) -> str:
    limit = show(nearest_limit(part, math.nan), unit)
    count = round(seen.share * seen.n)
    allowed = "may be" if part.operator in ("<", "<=") else "must be"
    slower = (
        f"{format_count(count)} requests ({format_share(seen.share)}) are slower than {limit}, "
        f"{format_share(1 - evidence.level)} {allowed}"
    )
    end = open_end(seen, spotless="without a slower one")
    return f"{slower}; {end}" if end else slower

"""Claims about a candidate against the current model: ``success.difference[mode: rf vs svc] >= -1%``.

A difference of shares in a run of fixed length is bounded by the method of variance estimates recovery: the distance
from the observed difference to its bound is the root of the summed squares of the distances of both shares to theirs
(Newcombe, Statistics in Medicine 17, 1998, 873-890, method 10; Zou and Donner, Statistics in Medicine 27, 2008,
1693-1702), here with exact bounds of each share. In a run that may stop, and for percentiles, each side is bounded
at half of the doubt, so that the difference of the bounds holds by Bonferroni's inequality, at every look at once where
theirs do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gonogo.units import format_count, format_share
from gonogo.verdicts.blocks import measure_dependence
from gonogo.verdicts.claims import decide_all, one_sided
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import Difference, Proportion, Quantile
from gonogo.verdicts.memory import measure_memory
from gonogo.verdicts.method import Method
from gonogo.verdicts.order import quantile, quantile_bounds
from gonogo.verdicts.quantile import tail_dependence
from gonogo.verdicts.ruling import rule, without_data
from gonogo.verdicts.verdict import Outcome, Verdict
from gonogo.verdicts.wording import about, bounds, limit_text, sentence, show

__all__ = ["assess_difference", "difference_interval", "judge_difference"]

_LEAST_P: Final = 1e-9
_STEPS: Final = 24
_TENTH: Final = 0.1
_CHANCE: Final = 1.78**2  # with 9 chances in 10 beside a bound at 95 %: ((1.645 + 1.282) / 1.645) squared


@dataclass(frozen=True, slots=True)
class _Side:
    """One model: what was observed, and bounds at any confidence."""

    observed: float
    n: int
    settled: bool
    bounds_at: Callable[[float], tuple[float, float]]


def judge_difference(criterion: Criterion, evidence: Difference, method: Method = Method.FIXED) -> Verdict:
    """Judge a claim about the candidate's figure minus the current model's."""
    sides = _sides(evidence, criterion.confidence, method)
    if not all(side.n for side in sides):
        empty = evidence.names[0] if not sides[0].n else evidence.names[1]
        return without_data(criterion, f"{evidence.noun} of {empty}")
    candidate, current = sides
    observed = _minus(candidate.observed, current.observed)
    interval = _interval(sides, criterion.confidence, evidence, method)
    outcome = _outcome(criterion, evidence, sides, interval, method)
    p = method.against(_p_value(criterion, evidence, sides, method))
    unit, n = criterion.unit, candidate.n + current.n
    verb, on = ("are", "of") if unit == "share" else ("is", "over")
    ours, theirs = (f"{show(side.observed, unit)} {on} {format_count(side.n)}" for side in sides)
    subject = (
        f"{evidence.noun} of {evidence.names[0]} {verb} {ours} {evidence.counted} and of {evidence.names[1]} {theirs}"
    )
    needed = _needed(criterion, observed, interval, n) if outcome is Outcome.INCONCLUSIVE else None
    reason = sentence(
        subject,
        bounds(criterion.claim, outcome, *interval, unit),
        limit_text(criterion.claim, unit),
        confidence=criterion.confidence,
        figures=f"difference {show(observed, unit)}",
        tail=_tail(evidence, needed, n) if outcome is Outcome.INCONCLUSIVE else "",
    )
    return rule(criterion, outcome, reason, observed=observed, interval=interval, n=n, needed=needed, p=p)


def assess_difference(criterion: Criterion, evidence: Difference, method: Method) -> Outcome:
    """Return the outcome alone."""
    sides = _sides(evidence, criterion.confidence, method)
    if not all(side.n for side in sides):
        return Outcome.INCONCLUSIVE
    return _outcome(criterion, evidence, sides, _interval(sides, criterion.confidence, evidence, method), method)


def difference_interval(evidence: Difference, confidence: float) -> tuple[float, float, float]:
    """Return the observed difference and its one-sided bounds, each at ``confidence``."""
    sides = _sides(evidence, confidence, Method.FIXED)
    if not all(side.n for side in sides):
        return math.nan, -math.inf, math.inf
    low, high = _interval(sides, confidence, evidence, Method.FIXED)
    return _minus(sides[0].observed, sides[1].observed), low, high


def _outcome(
    criterion: Criterion,
    evidence: Difference,
    sides: tuple[_Side, _Side],
    interval: tuple[float, float],
    method: Method,
) -> Outcome:
    claims = one_sided(criterion.claim)
    outcome = decide_all(claims, *interval)
    if outcome is Outcome.NO_GO and method is Method.ANYTIME:
        # A run that may stop keeps a part of the doubt against a claim for its end.
        kept = (1 - criterion.confidence) * _TENTH / method.against(_TENTH)
        if decide_all(claims, *_interval(sides, 1 - kept, evidence, method)) is not Outcome.NO_GO:
            outcome = Outcome.INCONCLUSIVE
    settled = all(side.settled for side in sides)
    if evidence.open_because or (not settled and (outcome is Outcome.GO or method is Method.ANYTIME)):
        return Outcome.INCONCLUSIVE
    return outcome


def _sides(evidence: Difference, confidence: float, method: Method) -> tuple[_Side, _Side]:
    return _side(evidence.candidate, confidence, method), _side(evidence.current, confidence, method)


def _side(evidence: Proportion | Quantile, confidence: float, method: Method) -> _Side:
    if isinstance(evidence, Proportion):
        hits, trials = int(evidence.hits.sum()), int(evidence.trials.sum())
        if not trials:
            return _Side(math.nan, 0, settled=False, bounds_at=_unknown)
        memory = measure_memory(evidence.signal)
        seen = measure_dependence(evidence.hits, evidence.trials, confidence, memory=memory, parts=evidence.parts)
        effect = method.widened(seen.effect)

        def of_share(sure: float) -> tuple[float, float]:
            low = method.at_least(hits, trials, sure, effect=effect)
            return low, method.at_most(hits, trials, sure, effect=effect)

        return _Side(hits / trials, trials, seen.settled, of_share)
    values = evidence.values
    if not len(values):
        return _Side(math.nan, 0, settled=False, bounds_at=_unknown)
    value = quantile(values, evidence.level)
    tail = tail_dependence(evidence, value, confidence)
    effect_of_tail = method.widened(tail.effect)

    def of_quantile(sure: float) -> tuple[float, float]:
        return quantile_bounds(values, evidence.level, sure, effect=effect_of_tail, method=method)

    return _Side(value, len(values), tail.settled, of_quantile)


def _unknown(_: float) -> tuple[float, float]:
    return -math.inf, math.inf


def _interval(
    sides: tuple[_Side, _Side], confidence: float, evidence: Difference, method: Method
) -> tuple[float, float]:
    candidate, current = sides
    if method is Method.FIXED and isinstance(evidence.candidate, Proportion):
        (low, high), (current_low, current_high) = candidate.bounds_at(confidence), current.bounds_at(confidence)
        observed = candidate.observed - current.observed
        down = math.hypot(candidate.observed - low, current_high - current.observed)
        up = math.hypot(high - candidate.observed, current.observed - current_low)
        return max(-1.0, observed - down), min(1.0, observed + up)
    sure = 1 - (1 - confidence) / 2
    (low, high), (current_low, current_high) = candidate.bounds_at(sure), current.bounds_at(sure)
    return _minus(low, current_high, unknown=-math.inf), _minus(high, current_low, unknown=math.inf)


def _minus(candidate: float, current: float, *, unknown: float = math.nan) -> float:
    """Return the difference, ``unknown`` where both are infinite."""
    return unknown if math.isinf(candidate) and candidate == current else candidate - current


def _p_value(criterion: Criterion, evidence: Difference, sides: tuple[_Side, _Side], method: Method) -> float:
    """Return the smallest doubt at which the interval excludes the claim; 1 when even even odds do not."""

    def refuted(doubt: float) -> bool:
        interval = _interval(sides, 1 - doubt, evidence, method)
        return decide_all(one_sided(criterion.claim), *interval) is Outcome.NO_GO

    low, high = math.log(_LEAST_P), math.log(0.5)
    if not refuted(math.exp(high)):
        return 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if refuted(math.exp(middle)) else (middle, high)
    return math.exp(high)


def _needed(criterion: Criterion, observed: float, interval: tuple[float, float], n: int) -> int | None:
    """Return how many would decide if the figures are as observed, both sides growing alike; None when none would."""
    times = 1.0
    for claim in one_sided(criterion.claim):
        gap = abs(observed - claim.limit)
        reach = max(interval[1] - observed, observed - interval[0])
        if not gap or not math.isfinite(reach) or math.isnan(gap):
            return None
        times = max(times, _CHANCE * (reach / gap) ** 2)
    return max(n + 1, math.ceil(n * times))


def _tail(evidence: Difference, needed: int | None, n: int) -> str:
    if evidence.open_because:
        return evidence.open_because
    if needed is None:
        return f"too few {evidence.counted}, or a difference too near the limit, to say how many would decide"
    return f"{about(needed - n)} more {evidence.counted} like these would decide ({format_share(0.9)} chance)"

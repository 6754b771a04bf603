"""What counted requests say about claims on a share: the heart of the verdicts on proportions and on quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from gonogo.units import format_count
from gonogo.verdicts.blocks import (
    FEWEST_BLOCKS,
    Dependence,
    enough_requests,
    grouped,
    least_effect,
    measure_dependence,
)
from gonogo.verdicts.claims import holds
from gonogo.verdicts.criterion import Comparison
from gonogo.verdicts.evidence import IntArray, Signal
from gonogo.verdicts.memory import measure_memory
from gonogo.verdicts.method import Method
from gonogo.verdicts.verdict import Outcome
from gonogo.verdicts.wording import about

__all__ = ["Assessment", "Counts", "assess", "is_open", "open_end", "unsettled_end"]

_EVERY_BLOCK: Final = (FEWEST_BLOCKS, 10, 5)
_THROUGHOUT: Final = 0.5**5
_LONGEST_START: Final = 5
_LEAST_P: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests with a property, by time block; at least one request is in them.

    Attributes:
        hits: int64[blocks], requests with the property.
        trials: int64[blocks], all requests.
        signal: how near requests came to it, where that can be seen.
        parts: blocks of each of several runs.
    """

    hits: IntArray
    trials: IntArray
    signal: Signal | None = None
    parts: tuple[int, ...] = ()

    def dependence(self, confidence: float, method: Method = Method.FIXED) -> Dependence:
        """Return how the requests depend on each other, as hits and signal show it."""
        memory = measure_memory(self.signal, doubt=method.memory_doubt)
        return measure_dependence(self.hits, self.trials, confidence, memory=memory, parts=self.parts)

    def since(self, block: int) -> Counts:
        """Return the same from a block on."""
        return Counts(self.hits[block:], self.trials[block:], self.signal and self.signal.since(block))


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the requests say.

    Attributes:
        n: requests that it rests on.
        share: observed.
        effect: the design effect that the bounds are reckoned with.
        p: chance of data that speak so clearly against the claims, or more, if they hold.
        needed: requests in all that would decide with 9 chances in 10 if the truth is as observed; None when decided
            or when no number would.
    """

    outcome: Outcome
    n: int
    share: float
    dependence: Dependence
    effect: float
    p: float
    needed: int | None


def assess(
    counts: Counts,
    claims: tuple[Comparison, ...],
    confidence: float,
    *,
    method: Method = Method.FIXED,
    forecast: bool = True,
) -> Assessment:
    """Test ``claims`` about the share of requests that have a property.

    Args:
        counts: of the requests.
        claims: all of them must hold.
        confidence: one-sided.
        method: fixed length, or a look at a run that may stop.
        forecast: say how many requests would decide, which takes longer than the rest.
    """
    count, total = int(counts.hits.sum()), int(counts.trials.sum())
    dependence = counts.dependence(confidence, method)
    effect = method.widened(dependence.effect)
    doubt = 1 - confidence
    shown = dependence.settled and all(_test(claim, count, total, effect, method).shown <= doubt for claim in claims)
    p = min(_refuted(counts, claim, dependence, method) for claim in claims)
    outcome = Outcome.NO_GO if p <= doubt else Outcome.GO if shown else Outcome.INCONCLUSIVE
    share = count / total
    needed = None
    if forecast and outcome is Outcome.INCONCLUSIVE:
        needed = _needed(share, total, claims, confidence, dependence, method)
    return Assessment(outcome, total, share, dependence, effect, p, needed)


def is_open(counts: Counts, claims: tuple[Comparison, ...], confidence: float, method: Method) -> bool:
    """Return whether ``claims`` are undecided even if the requests depend on each other as little as they may.

    First as if they were independent, then as far as the service's memory alone says: bounds only get wider by what the
    blocks show. This costs far less than to find that out.
    """
    hits, trials = int(counts.hits.sum()), int(counts.trials.sum())
    if _undecided(hits, trials, claims, confidence, 1.0, method):
        return True
    if any(_sets_in(_violated(counts, claim, FEWEST_BLOCKS)) for claim in claims):
        return False
    memory = measure_memory(counts.signal, doubt=method.memory_doubt)
    if trials < enough_requests(memory):
        return method is Method.ANYTIME
    return _undecided(hits, trials, claims, confidence, method.widened(least_effect(memory, confidence)), method)


def _undecided(
    hits: int, trials: int, claims: tuple[Comparison, ...], confidence: float, effect: float, method: Method
) -> bool:
    doubt = 1 - confidence
    tests = [_test(claim, hits, trials, effect, method) for claim in claims]
    return not all(test.shown <= doubt for test in tests) and not any(test.refuted <= doubt for test in tests)


def _sets_in(violated: list[bool]) -> bool:
    """Return whether a claim is violated from one of the first groups of blocks to the last."""
    return True in violated and violated.index(True) <= _LONGEST_START and all(violated[violated.index(True) :])


def _refuted(counts: Counts, claim: Comparison, dependence: Dependence, method: Method) -> float:
    """Return the p-value of ``claim``: small when the requests show that it does not hold."""
    count, total = int(counts.hits.sum()), int(counts.trials.sum())
    doubt = 1 - dependence.confidence

    def tested(seen: Dependence) -> float:
        p = _test(claim, count, total, method.widened(seen.effect), method).refuted
        if p >= doubt:
            return p
        # Who claims less doubt must allow for more dependence: the test at level p rejects at the p of that test.
        surer = method.widened(seen.effect_at(1 - max(p, _LEAST_P)))
        return min(doubt, max(_test(claim, count, total, surer, method).refuted, _LEAST_P))

    # At a look, what has lasted so far may be a phase that ends.
    p = tested(dependence) if dependence.settled or method is Method.FIXED else 1.0
    if p <= _LEAST_P or _test(claim, count, total, 1.0, method).refuted > doubt or counts.parts:
        return p
    groups = _violated(counts, claim, FEWEST_BLOCKS)
    if _sets_in(groups):
        # An overload that sets in: how it did says nothing about how long the service remembers.
        for group in range(groups.index(True), _LONGEST_START + 1):
            block = group * len(counts.hits) // FEWEST_BLOCKS
            later = counts.since(block).dependence(dependence.confidence, method)
            if later.settled:
                p = min(p, (_LONGEST_START + 1) * tested(later))
                break
    if method is Method.FIXED and not dependence.settled and _violated_throughout(counts, claim):
        p = min(p, _THROUGHOUT)
    return p


@dataclass(frozen=True, slots=True)
class _Test:
    """The p-values of a claim's two sides: small ``shown`` shows it, small ``refuted`` refutes it."""

    shown: float
    refuted: float


def _test(claim: Comparison, hits: int, trials: int, effect: float, method: Method) -> _Test:
    below = method.p_below(hits, trials, claim.limit, effect=effect)
    above = method.p_above(hits, trials, claim.limit, effect=effect)
    shown, refuted = (below, above) if claim.operator in ("<", "<=") else (above, below)
    return _Test(shown, method.against(refuted))


def open_end(seen: Assessment, *, spotless: str) -> str:
    """Return what would decide an undecided share, as the end of a sentence; empty when it is decided.

    Args:
        seen: the assessment.
        spotless: what to call further requests of which none speaks against the claim: ``without a failure``.
    """
    if seen.outcome is not Outcome.INCONCLUSIVE:
        return ""
    more = None if seen.needed is None else seen.needed - seen.n
    if not seen.dependence.settled:
        return unsettled_end(seen.n, more)
    if more is None:
        return "the observed figure is too near the limit for any number of requests to decide"
    if seen.share in (0.0, 1.0):
        return f"{format_count(more)} more requests {spotless} would decide"
    return f"{about(more)} more requests like these would decide"


def unsettled_end(n: int, more: int | None) -> str:
    """Return why too few independent blocks forbid GO, and how many ``more`` requests would do, if that is known."""
    if n < FEWEST_BLOCKS:
        why = f"fewer than {FEWEST_BLOCKS} requests cannot be GO"
    else:
        why = (
            f"requests depend on each other for so long that fewer than {FEWEST_BLOCKS} stretches of the run tell "
            "something of their own, which leaves this open"
        )
    if more is None:
        return f"{why}; a longer or steadier run may decide"
    return f"{why}; {about(more)} more requests like these would decide"


def _violated_throughout(counts: Counts, claim: Comparison) -> bool:
    """Return whether ``claim`` is violated in every one of twenty blocks (fewer in a run of fewer).

    At the limit a block violates it with a chance of about one half, so five blocks are enough for 95 %; twenty are
    asked for, since here blocks depend on each other. It never counts for more than five independent ones.
    """
    count = next((count for count in _EVERY_BLOCK if count <= len(counts.hits)), 0)
    return bool(count) and all(_violated(counts, claim, count))


def _violated(counts: Counts, claim: Comparison, count: int) -> list[bool]:
    """Return whether each of ``count`` groups of blocks violates ``claim``; none when a group has no requests."""
    if count > len(counts.hits):
        return []
    trials = grouped(counts.trials.astype(np.float64), count)
    if not trials.all():
        return []
    shares = grouped(counts.hits.astype(np.float64), count) / trials
    return [holds(claim, float(share)) is Outcome.NO_GO for share in shares]


def _needed(
    share: float, total: int, claims: tuple[Comparison, ...], confidence: float, seen: Dependence, method: Method
) -> int | None:
    """Return the requests in all that would decide, or None when no number can be named."""
    if not seen.settled and not seen.longer:
        return None
    needed = [FEWEST_BLOCKS, total + 1, 0 if seen.settled else math.ceil(total * seen.longer)]
    for claim in claims:
        upwards = claim.operator in (">", ">=")
        # 'success >= 99.9 %' is tested as 'failures are at most 0.1 %'.
        bad, allowed = (1 - share, 1 - claim.limit) if upwards else (share, claim.limit)
        if allowed >= 1:
            continue
        found = method.requests_to_decide(bad, allowed, confidence)
        if found is None:
            return None
        needed.append(math.ceil(found * method.widened(seen.effect)))
    return max(needed)

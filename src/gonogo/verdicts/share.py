"""What counted requests say about claims on a share: the heart of the verdicts on proportions and on quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from gonogo.units import format_count
from gonogo.verdicts.binomial import requests_to_decide
from gonogo.verdicts.blocks import FEWEST_BLOCKS, Dependence, grouped
from gonogo.verdicts.claims import holds
from gonogo.verdicts.criterion import Comparison
from gonogo.verdicts.evidence import IntArray
from gonogo.verdicts.method import Method
from gonogo.verdicts.verdict import Outcome
from gonogo.verdicts.wording import about

__all__ = ["Assessment", "assess", "open_end", "unsettled_end"]

_EVERY_BLOCK: Final = (FEWEST_BLOCKS, 10, 5)
_AT_LEAST: Final = 0.01


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the requests say.

    Attributes:
        n: requests that it rests on.
        share: observed.
        p: chance of data that speak so clearly against the claims, or more, if they hold.
        needed: requests in all that would decide with 9 chances in 10 if the truth is as observed; None when decided
            or when no number would.
    """

    outcome: Outcome
    n: int
    share: float
    dependence: Dependence
    p: float
    needed: int | None


def assess(
    hits: IntArray,
    trials: IntArray,
    claims: tuple[Comparison, ...],
    confidence: float,
    *,
    dependence: Dependence,
    method: Method = Method.FIXED,
    forecast: bool = True,
) -> Assessment:
    """Test ``claims`` about the share of ``hits`` in ``trials``, given by time block; at least one request is in them.

    Args:
        hits: int64[blocks].
        trials: int64[blocks].
        claims: all of them must hold.
        confidence: one-sided.
        dependence: of the requests.
        method: fixed length, or a look at a run that may stop.
        forecast: say how many requests would decide, which takes longer than the rest.
    """
    count, total = int(hits.sum()), int(trials.sum())
    dependence = replace(dependence, effect=method.widened(dependence.effect))
    tests = [_test(claim, count, total, dependence.effect, method) for claim in claims]
    doubt = 1 - confidence
    shown = all(test.shown <= doubt for test in tests) and dependence.settled
    p = min(test.refuted for test in tests)
    if not dependence.settled:
        # At a look, what has lasted so far may be a phase that ends.
        throughout = [_violated_throughout(hits, trials, claim) for claim in claims]
        p = min([p, *throughout]) if method is Method.FIXED else 1.0
    outcome = Outcome.NO_GO if p <= doubt else Outcome.GO if shown else Outcome.INCONCLUSIVE
    share = count / total
    needed = None
    if forecast and outcome is Outcome.INCONCLUSIVE:
        needed = _needed(share, total, claims, confidence, dependence)
    return Assessment(outcome, total, share, dependence, p, needed)


@dataclass(frozen=True, slots=True)
class _Test:
    """The p-values of a claim's two sides: small ``shown`` shows it, small ``refuted`` refutes it."""

    shown: float
    refuted: float


def _test(claim: Comparison, hits: int, trials: int, effect: float, method: Method) -> _Test:
    below = method.p_below(hits, trials, claim.limit, effect=effect)
    above = method.p_above(hits, trials, claim.limit, effect=effect)
    return _Test(below, above) if claim.operator in ("<", "<=") else _Test(above, below)


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


def _violated_throughout(hits: IntArray, trials: IntArray, claim: Comparison) -> float:
    """Return the chance that ``claim`` is violated in every one of twenty blocks (fewer in a run of fewer) by luck.

    1 when it is not. At the limit a block violates it with a chance of about one half, so five blocks are enough for
    95 %; twenty are asked for, since here blocks depend on each other.
    """
    for count in _EVERY_BLOCK:
        if count <= len(hits):
            merged = grouped(trials.astype(np.float64), count)
            if not merged.all():
                return 1.0
            shares = grouped(hits.astype(np.float64), count) / merged
            violated = all(holds(claim, float(share)) is Outcome.NO_GO for share in shares)
            return _AT_LEAST if violated and count >= FEWEST_BLOCKS else 0.5**count if violated else 1.0
    return 1.0


def _needed(
    share: float, total: int, claims: tuple[Comparison, ...], confidence: float, seen: Dependence
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
        found = requests_to_decide(bad, allowed, confidence)
        if found is None:
            return None
        needed.append(math.ceil(found * seen.effect))
    return max(needed)

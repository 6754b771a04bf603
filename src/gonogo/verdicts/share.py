"""What counted requests say about claims on a share: the heart of the verdicts on proportions and on quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from gonogo.units import format_count
from gonogo.verdicts.binomial import lower_bound, requests_to_decide, upper_bound
from gonogo.verdicts.blocks import FEWEST_BLOCKS, Dependence, grouped, measure_dependence
from gonogo.verdicts.claims import decide_all, holds
from gonogo.verdicts.criterion import Comparison
from gonogo.verdicts.evidence import IntArray
from gonogo.verdicts.verdict import Outcome
from gonogo.verdicts.wording import about

__all__ = ["Assessment", "assess", "open_end", "unsettled_end"]

_EVERY_BLOCK: Final = (5, 10, FEWEST_BLOCKS)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the requests say.

    Attributes:
        n: requests that it rests on.
        share: observed; ``low`` and ``high`` are its one-sided bounds.
        needed: requests in all that would decide with 9 chances in 10 if the truth is as observed; None when decided
            or when no number would.
    """

    outcome: Outcome
    n: int
    share: float
    low: float
    high: float
    dependence: Dependence
    needed: int | None


def assess(
    hits: IntArray,
    trials: IntArray,
    claims: tuple[Comparison, ...],
    confidence: float,
    *,
    dependence: Dependence | None = None,
) -> Assessment:
    """Test ``claims`` about the share of ``hits`` in ``trials``, given by time block; at least one request is in them.

    Args:
        hits: int64[blocks].
        trials: int64[blocks].
        claims: all of them must hold.
        confidence: one-sided.
        dependence: of the hits, where the caller knows more about it than the hits show.
    """
    count, total = int(hits.sum()), int(trials.sum())
    seen = dependence or measure_dependence(hits, trials, confidence)
    share = count / total
    low = lower_bound(count, total, confidence, effect=seen.effect)
    high = upper_bound(count, total, confidence, effect=seen.effect)
    outcome = decide_all(claims, low, high)
    if not seen.settled:
        if any(_violated_throughout(hits, trials, claim, confidence) for claim in claims):
            outcome = Outcome.NO_GO
        elif outcome is Outcome.GO:
            outcome = Outcome.INCONCLUSIVE
    needed = _needed(share, total, claims, confidence, seen) if outcome is Outcome.INCONCLUSIVE else None
    return Assessment(outcome, total, share, low, high, seen, needed)


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


def _violated_throughout(hits: IntArray, trials: IntArray, claim: Comparison, confidence: float) -> bool:
    """Return whether ``claim`` is violated in every one of five or more blocks.

    At the limit a block violates it with a chance of about one half, so five blocks are enough for 95 %.
    """
    for count in _EVERY_BLOCK:
        if count <= len(hits) and 0.5**count <= 1 - confidence:
            merged = grouped(trials.astype(np.float64), count)
            if not merged.all():
                return False
            shares = grouped(hits.astype(np.float64), count) / merged
            return all(holds(claim, float(share)) is Outcome.NO_GO for share in shares)
    return False


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

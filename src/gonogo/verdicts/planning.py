"""Planning: how many requests a criterion needs, and the chance of GO, before one is sent.

The numbers are those of independent requests. What a run's dependence costs beyond them is known only afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from scipy.special import bdtr, ndtri

from gonogo.errors import UsageError
from gonogo.units import format_count
from gonogo.verdicts.arms import read_arms
from gonogo.verdicts.binomial import smallest_number
from gonogo.verdicts.blocks import FEWEST_BLOCKS
from gonogo.verdicts.criterion import Between, Comparison, Criterion
from gonogo.verdicts.method import Method
from gonogo.verdicts.proportion import is_absolute
from gonogo.verdicts.vocabulary import level_of, look_up

__all__ = ["Need", "chance", "plan", "requests_for", "why_unplanned"]

_CHANCE: Final = 0.9
_BLOCKS: Final = 2.0  # draws that fall together by chance widen bounds in blocks by about so much


@dataclass(frozen=True, slots=True)
class Need:
    """Requests that a criterion needs for GO.

    Attributes:
        without_failure: when not one request speaks against the claim.
        with_one_failure: when one does.
    """

    without_failure: int
    with_one_failure: int

    def __str__(self) -> str:
        return (
            f"{format_count(self.without_failure)} requests, {format_count(self.with_one_failure)} if one of them fails"
        )


@dataclass(frozen=True, slots=True)
class _Tolerance:
    """The share of requests that may speak against the claim; for a range, the two ends of the share."""

    most: float
    least: float | None = None


def plan(criterion: Criterion, method: Method = Method.FIXED) -> Need | None:
    """Return the requests that ``criterion`` needs for GO; None when that cannot be said: see why_unplanned().

    Args:
        criterion: the claim.
        method: ANYTIME for a run that may stop: its bounds are wider.
    """
    entry = look_up(criterion.measure)
    if entry is not None and entry.kind == "split":
        return None
    without, with_one = _needed(criterion, 0, method), _needed(criterion, 1, method)
    return None if without is None or with_one is None else Need(without, with_one)


def why_unplanned(criterion: Criterion) -> str:
    """Return why plan() has no number for ``criterion``, as one sentence; empty when it has one."""
    if plan(criterion) is not None:
        return ""
    entry = look_up(criterion.measure)
    if entry is not None and entry.kind in ("mean", "rate", "divergence", "error"):
        return f"How many requests {criterion} needs depends on how much its blocks differ, which only a run can tell."
    if entry is not None and entry.kind == "split" and (needed := _shared_out(criterion)):
        return f"{criterion} needs {format_count(needed)} requests if the shares are as declared."
    if entry is not None and entry.kind in ("split", "difference"):
        return f"How many requests {criterion} needs depends on how they are shared out, which only a run can tell."
    if is_absolute(criterion) or (entry is not None and (entry.kind == "extreme" or entry.key == "moves")):
        return f"{criterion} is a fact about the requests sent: any number decides it, more rule out rarer exceptions."
    return f"No number of requests within reach shows {criterion}."


def chance(criterion: Criterion, n: int, margin_fraction: float, method: Method = Method.FIXED) -> float | None:
    """Return the chance that ``n`` requests give GO when the truth uses up ``margin_fraction`` of the margin.

    For ``success >= 99.9%`` the margin is 0.1 % of failures: at 0.5 the truth is 0.05 %. For a range the truth is so
    far from its middle towards its upper end. None for what cannot be planned. For a run that may stop it is the chance
    that its end, or a look at as many requests, gives GO; that an earlier one did adds to it.

    Raises:
        UsageError: ``n`` is below 1 or ``margin_fraction`` outside 0 to 1.
    """
    if n < 1 or not 0 <= margin_fraction <= 1:
        raise UsageError(
            f"{n} requests at {margin_fraction} of the margin", mend="give n >= 1 and 0 to 1 of the margin"
        )
    tolerance = _tolerance(criterion)
    if tolerance is None:
        return None
    if n < FEWEST_BLOCKS:
        return 0.0
    if tolerance.least is None:
        most = method.most_hits(tolerance.most, n, criterion.confidence)
        return 0.0 if most < 0 else float(bdtr(most, n, margin_fraction * tolerance.most))
    middle = (tolerance.least + tolerance.most) / 2
    truth = middle + margin_fraction * (tolerance.most - middle)
    return _chance_within(tolerance, n, truth, criterion.confidence, method)


def requests_for(criteria: Iterable[Criterion], allowed_failures: int = 1, method: Method = Method.FIXED) -> int:
    """Return the requests that all of ``criteria`` together need with ``allowed_failures``: those of the largest need.

    At least as many as there must be blocks. A criterion on one target or on a part of the requests needs so many of
    *its* requests. Criteria that cannot be planned ask for nothing here.
    """
    return max([FEWEST_BLOCKS, *(_needed(criterion, allowed_failures, method) or 0 for criterion in criteria)])


def _needed(criterion: Criterion, failures: int, method: Method) -> int | None:
    """Return the requests for GO with ``failures`` that speak against the claim; None when that cannot be said."""
    entry = look_up(criterion.measure)
    if entry is not None and entry.key == "moves":
        return None
    if entry is not None and entry.kind == "count":
        return _counted(criterion)
    if entry is not None and entry.kind == "split":
        return _shared_out(criterion)
    tolerance = _tolerance(criterion)
    if tolerance is None:
        return None
    if tolerance.least is None:
        found = _requests_for_hits(failures, tolerance.most, criterion.confidence, method)
    else:
        found = _requests_within(tolerance, failures, criterion.confidence, method)
    return None if found is None else max(FEWEST_BLOCKS, found)


def _tolerance(criterion: Criterion) -> _Tolerance | None:
    entry = look_up(criterion.measure)
    if entry is None or entry.kind not in ("share", "quantile") or is_absolute(criterion):
        return None
    level, claim = level_of(criterion.measure.name), criterion.claim
    if level is not None:
        upwards = isinstance(claim, Comparison) and claim.operator in (">", ">=")
        # Of a range only the side that needs more can be planned: where the values lie is not known before.
        return _Tolerance(level if upwards else min(level, 1 - level) if isinstance(claim, Between) else 1 - level)
    if isinstance(claim, Between):
        if claim.low == 0:
            return _Tolerance(claim.high)
        return _Tolerance(1 - claim.low) if claim.high == 1 else _Tolerance(claim.high, claim.low)
    return _Tolerance(1 - claim.limit if claim.operator in (">", ">=") else claim.limit)


def _counted(criterion: Criterion) -> int | None:
    claim = criterion.claim
    if isinstance(claim, Between):
        return int(claim.low)
    return {">=": int(claim.limit), ">": int(claim.limit) + 1, "==": int(claim.limit)}.get(claim.operator)


def _requests_for_hits(hits: int, allowed: float, confidence: float, method: Method) -> int | None:
    """Return the fewest requests of which ``hits`` may hit, so that the share is shown to be at most ``allowed``."""
    if allowed >= 1:
        return hits + 1
    doubt = 1 - confidence
    return smallest_number(hits + 1, lambda n: method.p_below(hits, n, allowed) <= doubt)


def _shared_out(criterion: Criterion) -> int | None:
    """Return the requests that show with 9 chances in 10 that shares are as declared, whatever they are.

    By the normal approximation at the widest share, one half. Users cannot be planned: how many come is not known.
    """
    if read_arms(criterion.measure.key, "split").user or not isinstance(criterion.claim, Comparison):
        return None
    # Both sides must be shown, each with 19 chances in 20.
    sure = float(ndtri(criterion.confidence) + ndtri((1 + _CHANCE) / 2))
    if criterion.claim.limit <= 0:
        return None
    return math.ceil(_BLOCKS * (sure / 2 / criterion.claim.limit) ** 2)


def _range_hits(tolerance: _Tolerance, n: int, confidence: float, method: Method) -> tuple[int, int]:
    """Return the fewest and the most hits of ``n`` that show a share inside the range."""
    least = n - method.most_hits(1 - (tolerance.least or 0.0), n, confidence)
    return least, method.most_hits(tolerance.most, n, confidence)


def _chance_within(tolerance: _Tolerance, n: int, truth: float, confidence: float, method: Method) -> float:
    least, most = _range_hits(tolerance, n, confidence, method)
    if least > most:
        return 0.0
    return float(bdtr(most, n, truth)) - (float(bdtr(least - 1, n, truth)) if least else 0.0)


def _requests_within(tolerance: _Tolerance, failures: int, confidence: float, method: Method) -> int | None:
    """Return the fewest requests that show a share inside the range if it is seen ``failures`` from its middle."""
    middle = (tolerance.most + (tolerance.least or 0.0)) / 2

    def enough(n: int) -> bool:
        least, most = _range_hits(tolerance, n, confidence, method)
        return least <= round(middle * n) - failures and round(middle * n) + failures <= most

    return smallest_number(1, enough)

"""Planning: how many requests a criterion needs, and the chance of GO, before one is sent.

The numbers are those of independent requests. What a run's dependence costs beyond them is known only afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import bdtr

from gonogo.errors import UsageError
from gonogo.units import format_count
from gonogo.verdicts.binomial import (
    chance_of_showing,
    most_hits_within,
    requests_for_hits,
    smallest_number,
)
from gonogo.verdicts.blocks import FEWEST_BLOCKS
from gonogo.verdicts.criterion import Between, Comparison, Criterion
from gonogo.verdicts.proportion import is_absolute
from gonogo.verdicts.vocabulary import level_of, look_up

__all__ = ["Need", "chance", "plan", "requests_for", "why_unplanned"]


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


def plan(criterion: Criterion) -> Need | None:
    """Return the requests that ``criterion`` needs for GO; None when that cannot be said: see why_unplanned()."""
    without, with_one = _needed(criterion, 0), _needed(criterion, 1)
    return None if without is None or with_one is None else Need(without, with_one)


def why_unplanned(criterion: Criterion) -> str:
    """Return why plan() has no number for ``criterion``, as one sentence; empty when it has one."""
    if plan(criterion) is not None:
        return ""
    entry = look_up(criterion.measure)
    if entry is not None and entry.kind in ("mean", "rate"):
        return f"How many requests {criterion} needs depends on how much its blocks differ, which only a run can tell."
    if is_absolute(criterion) or (entry is not None and entry.kind == "extreme"):
        return f"{criterion} is a fact about the requests sent: any number decides it, more rule out rarer exceptions."
    return f"No number of requests within reach shows {criterion}."


def chance(criterion: Criterion, n: int, margin_fraction: float) -> float | None:
    """Return the chance that ``n`` requests give GO when the truth uses up ``margin_fraction`` of the margin.

    For ``success >= 99.9%`` the margin is 0.1 % of failures: at 0.5 the truth is 0.05 %. For a range the truth is so
    far from its middle towards its upper end. None for what cannot be planned.

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
        return chance_of_showing(n, margin_fraction * tolerance.most, tolerance.most, criterion.confidence)
    middle = (tolerance.least + tolerance.most) / 2
    return _chance_within(tolerance, n, middle + margin_fraction * (tolerance.most - middle), criterion.confidence)


def requests_for(criteria: Iterable[Criterion], allowed_failures: int = 1) -> int:
    """Return the requests that all of ``criteria`` together need with ``allowed_failures``: those of the largest need.

    At least as many as there must be blocks. A criterion on one target or on a part of the requests needs so many of
    *its* requests. Criteria that cannot be planned ask for nothing here.
    """
    return max([FEWEST_BLOCKS, *(_needed(criterion, allowed_failures) or 0 for criterion in criteria)])


def _needed(criterion: Criterion, failures: int) -> int | None:
    """Return the requests for GO with ``failures`` that speak against the claim; None when that cannot be said."""
    entry = look_up(criterion.measure)
    if entry is not None and entry.kind == "count":
        return _counted(criterion)
    tolerance = _tolerance(criterion)
    if tolerance is None:
        return None
    if tolerance.least is None:
        found = requests_for_hits(failures, tolerance.most, criterion.confidence)
    else:
        found = _requests_within(tolerance, failures, criterion.confidence)
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


def _range_hits(tolerance: _Tolerance, n: int, confidence: float) -> tuple[int, int]:
    """Return the fewest and the most hits of ``n`` that show a share inside the range."""
    least = n - most_hits_within(1 - (tolerance.least or 0.0), n, confidence)
    return least, most_hits_within(tolerance.most, n, confidence)


def _chance_within(tolerance: _Tolerance, n: int, truth: float, confidence: float) -> float:
    least, most = _range_hits(tolerance, n, confidence)
    if least > most:
        return 0.0
    return float(bdtr(most, n, truth)) - (float(bdtr(least - 1, n, truth)) if least else 0.0)


def _requests_within(tolerance: _Tolerance, failures: int, confidence: float) -> int | None:
    """Return the fewest requests that show a share inside the range if it is seen ``failures`` from its middle."""
    middle = (tolerance.most + (tolerance.least or 0.0)) / 2

    def enough(n: int) -> bool:
        least, most = _range_hits(tolerance, n, confidence)
        return least <= round(middle * n) - failures and round(middle * n) + failures <= most

    return smallest_number(1, enough)

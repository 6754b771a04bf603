"""The sweep: what precision and recall each threshold would have had, and the threshold to take.

Looking at many thresholds and taking the best one flatters it. The thresholds are therefore tested in an order that is
fixed before the data are seen: from each of a few starting points downwards, as long as the precision is shown, each
starting point at its part of the error (fixed sequence testing with several starts; Angelopoulos, Bates, Candès, Jordan
and Lei, "Learn then Test", 2021, arXiv:2110.01052, section 3.2). All thresholds that are shown have the precision at
once, at the confidence that was asked for; the lowest of them finds most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gonogo.errors import UsageError
from gonogo.experiments.thresholds.scored import Scored
from gonogo.units import format_share
from gonogo.verdicts.binomial import lower_bound, requests_for_hits, upper_bound

__all__ = ["GRID", "STARTS", "Point", "Sweep", "sweep"]

GRID: Final = tuple(round(step / 100, 2) for step in range(1, 100))
"""The thresholds that are looked at."""

STARTS: Final = (0.5, 0.7, 0.8, 0.9, 0.95)
"""Where the tests begin; each goes down from there."""

_SURE: Final = (0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold.

    Attributes:
        threshold: rows with at least this score get 1.
        found: rows that get 1; right: those of them that are of the class; members: rows that are of the class.
        precision: of those that get 1, the share that is right; None when none does.
        precision_low, precision_high: where it is, each at the one-sided confidence of the sweep, for this threshold
            alone.
        recall: of the rows of the class, the share that gets 1; with its bounds likewise.
        shown: the precision that is wanted is shown, the choice among thresholds taken into account.
    """

    threshold: float
    found: int
    right: int
    members: int
    precision: float | None
    precision_low: float
    precision_high: float
    recall: float
    recall_low: float
    recall_high: float
    shown: bool


@dataclass(frozen=True, slots=True)
class Sweep:
    """What the thresholds of one class amount to.

    Attributes:
        name: the class.
        precision: that is wanted.
        confidence: one-sided.
        rows: that it was measured on.
        points: one for each threshold, from the lowest.
    """

    name: str
    precision: float
    confidence: float
    rows: int
    points: tuple[Point, ...]

    @property
    def recommended(self) -> Point | None:
        """The lowest threshold whose precision is shown; None when none is."""
        return next((point for point in self.points if point.shown), None)

    @property
    def reason(self) -> str:
        """What speaks for the recommended threshold, or why there is none."""
        point = self.recommended
        sure = f"{format_share(self.confidence)} sure"
        if point is not None:
            return (
                f"{point.right:,} of {point.found:,} are right: at least {format_share(self.precision)} precision,"
                f" {sure}; finds {format_share(point.recall)} of them (at least {format_share(point.recall_low)})"
            )
        best = max(self.points, key=lambda one: one.precision_low)
        seen = f"{best.right:,} of {best.found:,} are right at {best.threshold:g}"
        each = 1 - (1 - self.confidence) / len(STARTS)
        needed = requests_for_hits(0, 1 - self.precision, each)
        return f"no threshold is shown to have {format_share(self.precision)} precision, {sure}: {seen}; " + (
            f"{needed:,} rows that all are right would show it" if needed and best.found < needed else "the model errs"
        )


def sweep(
    scored: Scored,
    *,
    precision: float,
    confidence: float = 0.95,
    grid: Sequence[float] = GRID,
    starts: Sequence[float] = STARTS,
) -> Sweep:
    """Return what each threshold of ``grid`` amounts to on ``scored``, and which are shown to have ``precision``.

    Rows must be independent of each other and like those of the future; each counts once.

    Raises:
        UsageError: the precision, the confidence or a threshold cannot be used.
    """
    least, most = _SURE
    if not 0 < precision < 1:
        raise UsageError(f"a precision of {precision}", where=scored.name, mend="give a share above 0 and below 1")
    if not least < confidence < most:
        raise UsageError(f"a confidence of {confidence}", where=scored.name, mend="give one above 0.5 and below 1")
    thresholds = sorted(set(grid))
    begins = [threshold for threshold in thresholds if any(abs(threshold - start) < 1e-9 for start in starts)]  # noqa: PLR2004 - the same number, written twice
    if not thresholds or not begins or thresholds[0] < 0 or thresholds[-1] > 1:
        raise UsageError(
            "no thresholds to look at", where=scored.name, mend="give a grid within 0 to 1 with its starts"
        )
    order = np.sort(scored.scores)
    members = np.sort(scored.scores[scored.truth])
    found = len(order) - np.searchsorted(order, thresholds, side="left")
    right = len(members) - np.searchsorted(members, thresholds, side="left")
    counts = {t: (int(f), int(r)) for t, f, r in zip(thresholds, found, right, strict=True)}
    shown = _shown(counts, begins, precision, 1 - (1 - confidence) / len(begins))
    points = tuple(_point(t, *counts[t], len(members), confidence, shown=t in shown) for t in thresholds)
    return Sweep(scored.name, precision, confidence, len(scored.scores), points)


def _shown(
    counts: dict[float, tuple[int, int]], starts: Sequence[float], precision: float, confidence: float
) -> set[float]:
    shown: set[float] = set()
    for start in starts:
        for threshold in sorted((one for one in counts if one <= start), reverse=True):
            found, right = counts[threshold]
            if not found or lower_bound(right, found, confidence) < precision:
                break
            shown.add(threshold)
    return shown


def _point(threshold: float, found: int, right: int, members: int, confidence: float, *, shown: bool) -> Point:
    return Point(
        threshold=threshold,
        found=found,
        right=right,
        members=members,
        precision=right / found if found else None,
        precision_low=lower_bound(right, found, confidence) if found else 0.0,
        precision_high=upper_bound(right, found, confidence) if found else 1.0,
        recall=right / members,
        recall_low=lower_bound(right, members, confidence),
        recall_high=upper_bound(right, members, confidence),
        shown=shown,
    )

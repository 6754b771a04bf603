"""Dependence: how much less a run's requests tell than as many independent ones, seen from its time blocks.

Requests of one run depend on each other, since they share queues, caches and stalls. Neighbouring blocks are merged
until they are longer than the correlation time; the spread between merged blocks then gives the uncertainty of the
whole (batch means). What correlation is left between neighbours widens it by ``(1 + r) / (1 - r)``, as in Skart
(Tafazzoli, Wilson, Lada and Steiger, INFORMS Journal on Computing 23, 2011); the widest of all longer blocks counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import ndtri, stdtrit

from gonogo.verdicts.evidence import FloatArray, IntArray

__all__ = ["FEWEST_BLOCKS", "Dependence", "Spread", "grouped", "measure_dependence", "spread"]

FEWEST_BLOCKS: Final = 20
"""Fewer blocks than this, each longer than the correlation time, forbid GO."""

_COUNTS: Final = (200, 100, 50, 40, 30, FEWEST_BLOCKS)
_COARSE: Final = (10, 5)
_DOUBT: Final = 0.95
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Spread:
    """The uncertainty of a ratio of sums, seen from its blocks.

    Attributes:
        reach: one-sided half-width at the confidence asked for; ``inf`` with fewer than two blocks.
        blocks: blocks with requests in them, after merging.
        settled: at least FEWEST_BLOCKS blocks are there and neighbours no longer depend on each other.
        longer: a run so many times as long has enough blocks; 0 when no length can be named.
    """

    reach: float
    blocks: int
    settled: bool
    longer: float


@dataclass(frozen=True, slots=True)
class Dependence:
    """What dependence does to a share.

    Attributes:
        effect: design effect, at least 1: n requests tell as much as n / effect independent ones.
        blocks: see Spread; likewise ``settled`` and ``longer``.
    """

    effect: float
    blocks: int
    settled: bool
    longer: float

    def joined(self, other: Dependence) -> Dependence:
        """Return the worse of two views of the same requests."""
        worse = max((self, other), key=lambda view: (not view.settled, view.longer == 0, view.longer))
        return replace(worse, effect=max(self.effect, other.effect))


def grouped(column: FloatArray, count: int) -> FloatArray:
    """Return the sums of ``column`` in ``count`` neighbouring groups of almost equal size."""
    return np.add.reduceat(column, np.arange(count) * len(column) // count)


def spread(totals: FloatArray, weights: FloatArray, confidence: float) -> Spread:
    """Return the uncertainty of ``sum(totals) / sum(weights)`` from blocks in order of time.

    Args:
        totals: float64[blocks], hits or weighted values of each block.
        weights: float64[blocks], requests or seconds of each block; blocks of weight 0 hold nothing.
        confidence: one-sided.
    """
    filled = int(np.count_nonzero(weights))
    weight = float(weights.sum())
    if filled < 2:  # noqa: PLR2004 - one block has no spread
        return Spread(math.inf, filled, settled=False, longer=0 if not filled else FEWEST_BLOCKS)
    residuals = totals - weights * (totals.sum() / weight)
    # What rounding leaves of equal blocks must not pass for correlation.
    residuals[np.abs(residuals) <= _ROUNDING * np.abs(totals).max()] = 0.0
    reach, blocks = 0.0, 0
    for count in (c for c in (min(len(totals), _COUNTS[0]), *_COUNTS[1:]) if FEWEST_BLOCKS <= c <= len(totals)):
        seen = _level(residuals, weights, count, confidence)
        if seen.blocks < FEWEST_BLOCKS:
            break
        if not blocks and seen.correlation > float(ndtri(_DOUBT)) / math.sqrt(seen.blocks):
            continue
        blocks = blocks or seen.blocks
        reach = max(reach, seen.reach / weight)
    if blocks:
        return Spread(reach, blocks, settled=True, longer=1)
    return _unsettled(residuals, weights, confidence)


def measure_dependence(hits: IntArray, trials: IntArray, confidence: float) -> Dependence:
    """Return the design effect of a share: its variance between blocks over that of independent requests.

    Up to one hit (or one miss) says nothing about dependence: the effect is then 1.
    """
    count, total = int(hits.sum()), int(trials.sum())
    seen = spread(hits.astype(np.float64), trials.astype(np.float64), confidence)
    if min(count, total - count) <= 1 or not math.isfinite(seen.reach):
        enough = int(np.count_nonzero(trials)) >= FEWEST_BLOCKS
        return Dependence(1.0, seen.blocks, settled=enough, longer=1 if enough else seen.longer)
    share = count / total
    independent = float(stdtrit(total - 1, confidence)) * math.sqrt(share * (1 - share) / total)
    return Dependence(max(1.0, (seen.reach / independent) ** 2), seen.blocks, seen.settled, seen.longer)


@dataclass(frozen=True, slots=True)
class _Level:
    reach: float
    blocks: int
    correlation: float


def _level(residuals: FloatArray, weights: FloatArray, count: int, confidence: float) -> _Level:
    """Return what blocks merged to ``count`` say; the reach is that of the sum of the residuals."""
    merged = grouped(residuals, count)[grouped(weights, count) > 0]
    blocks = len(merged)
    squares = float(merged @ merged)
    if blocks < 2 or squares == 0:  # noqa: PLR2004 - one block has no spread
        return _Level(0.0 if blocks > 1 else math.inf, blocks, 0.0)
    correlation = float(merged[:-1] @ merged[1:]) / squares
    left = (1 + correlation) / (1 - correlation) if correlation > 0 else 1.0
    variance = squares * blocks / (blocks - 1) * left
    return _Level(float(stdtrit(blocks - 1, confidence)) * math.sqrt(variance), blocks, correlation)


def _unsettled(residuals: FloatArray, weights: FloatArray, confidence: float) -> Spread:
    """Return the widest view of too few, or still dependent, blocks."""
    fine = len(residuals)
    counts = [*([fine] if fine < FEWEST_BLOCKS else []), *(count for count in _COARSE if count < fine)]
    levels = [_level(residuals, weights, count, confidence) for count in counts]
    widest = max(level.reach for level in levels) / float(weights.sum())
    doubt = float(ndtri(_DOUBT))
    free = [level.blocks for level in levels if level.correlation <= doubt / math.sqrt(level.blocks)]
    longer = FEWEST_BLOCKS / free[0] if free else 0
    return Spread(widest, levels[-1].blocks, settled=False, longer=longer)

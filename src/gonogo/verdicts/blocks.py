"""Dependence: how much less a run's requests tell than as many independent ones, seen from its time blocks.

Requests of one run depend on each other, since they share queues, caches and stalls. Neighbouring blocks are merged
until they are longer than the correlation time; the spread between merged blocks then gives the uncertainty of the
whole (batch means). What correlation is left between neighbours widens it by ``(1 + r) / (1 - r)``, as in Skart
(Tafazzoli, Wilson, Lada and Steiger, Performance of Skart, INFORMS Journal on Computing); the widest of all longer
blocks counts.

Two safeguards for what rare hits cannot show: the effect is never below the memory of a signal that every request
shows, and where hits cluster, the size of a cluster is bounded from the few clusters that were seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from gonogo.verdicts.evidence import FloatArray, IntArray
from gonogo.verdicts.memory import doubt_of_clusters

__all__ = [
    "FEWEST_BLOCKS",
    "Dependence",
    "Spread",
    "enough_requests",
    "grouped",
    "least_effect",
    "measure_dependence",
    "spread",
]

FEWEST_BLOCKS: Final = 20
"""Fewer blocks than this, each longer than the correlation time, forbid GO."""

_COUNTS: Final = (200, 100, 50, 40, 30, FEWEST_BLOCKS)
_COARSE: Final = (10, 5)
_DOUBT: Final = 0.95
_LAST_DOUBT: Final = 0.99
_ROUNDING: Final = 1e-9
_CAUTION: Final = 1.5
_CLUSTER_DOUBT: Final = 0.1
_MEMORIES_A_BLOCK: Final = 3


@dataclass(frozen=True, slots=True)
class Spread:
    """The uncertainty of a ratio of sums, seen from its blocks.

    Attributes:
        levels: of each view of the blocks, the standard error of the ratio and its degrees of freedom; none with fewer
            than two blocks.
        blocks: blocks with requests in them, after merging.
        settled: at least FEWEST_BLOCKS blocks are there and neighbours no longer depend on each other.
        longer: a run so many times as long has enough blocks; 0 when no length can be named.
    """

    levels: tuple[tuple[float, int], ...]
    blocks: int
    settled: bool
    longer: float

    def reach(self, confidence: float) -> float:
        """Return the one-sided half-width: that of the view with the widest; ``inf`` without any."""
        if not self.levels:
            return math.inf
        return max(-float(stdtrit(freedom, 1 - confidence)) * error for error, freedom in self.levels)

    def doubt(self, gap: float) -> float:
        """Return the p-value of the claim that the truth is at least ``gap`` away: by the view that doubts most."""
        if not self.levels:
            return 1.0
        return max(
            float(stdtr(freedom, -gap / error)) if error > 0 else float(gap <= 0) for error, freedom in self.levels
        )


@dataclass(frozen=True, slots=True)
class Dependence:
    """What dependence does to a share.

    Attributes:
        seen: how the share spreads between blocks.
        memory: requests over which the service remembers.
        share: observed.
        fewer: hits or misses, whichever are fewer.
        total: requests.
        confidence: one-sided, of the bounds that ``effect`` is for.
        blocks: see Spread; likewise ``settled`` and ``longer``.
    """

    seen: Spread
    memory: float
    share: float
    fewer: int
    total: int
    confidence: float
    settled: bool
    longer: float

    @property
    def blocks(self) -> int:
        """Blocks with requests in them, after merging."""
        return self.seen.blocks

    @property
    def effect(self) -> float:
        """The design effect, at least 1: n requests tell as much as n / effect independent ones."""
        return self.effect_at(self.confidence)

    def effect_at(self, confidence: float) -> float:
        """Return the design effect for bounds at ``confidence``.

        The surer they shall be, the more the few blocks and clusters that it was seen from count against it.
        """
        least = least_effect(self.memory, confidence)
        reach = self.seen.reach(confidence)
        if self.fewer <= 1 or not math.isfinite(reach):
            return least
        deviation = math.sqrt(self.share * (1 - self.share) / self.total)
        independent = -float(stdtrit(max(1, self.total - 1), 1 - confidence)) * deviation
        # All that was seen may be one cluster, but no more than one.
        effect = min(float(self.fewer), max(1.0, (reach / independent) ** 2))
        doubt = min(_CLUSTER_DOUBT, 2 * (1 - confidence))
        return max(least, 1 + (effect - 1) * doubt_of_clusters(self.fewer / effect, doubt))


def grouped(column: FloatArray, count: int) -> FloatArray:
    """Return the sums of ``column`` in ``count`` neighbouring groups of almost equal size."""
    return np.add.reduceat(column, np.arange(count) * len(column) // count)


def spread(totals: FloatArray, weights: FloatArray, *, parts: tuple[int, ...] = ()) -> Spread:
    """Return the uncertainty of ``sum(totals) / sum(weights)`` from blocks in order of time.

    Args:
        totals: float64[blocks], hits or weighted values of each block.
        weights: float64[blocks], requests or seconds of each block; blocks of weight 0 hold nothing.
        parts: blocks of each of several runs; how runs differ is then a level above how blocks do.
    """
    filled = int(np.count_nonzero(weights))
    weight = float(weights.sum())
    if filled < 2:  # noqa: PLR2004 - one block has no spread
        return Spread((), filled, settled=False, longer=0 if not filled else FEWEST_BLOCKS)
    residuals = totals - weights * (totals.sum() / weight)
    # What rounding leaves of equal blocks must not pass for correlation.
    residuals[np.abs(residuals) <= _ROUNDING * np.abs(totals).max()] = 0.0
    levels, blocks = _between_runs(residuals, parts), 0
    for count in (c for c in (min(len(totals), _COUNTS[0]), *_COUNTS[1:]) if FEWEST_BLOCKS <= c <= len(totals)):
        seen = _level(residuals, weights, count)
        if seen.blocks < FEWEST_BLOCKS:
            break
        doubt = _DOUBT if count > FEWEST_BLOCKS else _LAST_DOUBT
        if not blocks and seen.correlation > float(ndtri(doubt)) / math.sqrt(seen.blocks):
            continue
        blocks = blocks or seen.blocks
        levels.append((seen.error, seen.blocks - 1))
    known = tuple((error / weight, freedom) for error, freedom in levels)
    if blocks:
        return Spread(known, blocks, settled=True, longer=1)
    coarse = _unsettled(residuals, weights)
    return replace(coarse, levels=(*known, *coarse.levels))


def measure_dependence(
    hits: IntArray, trials: IntArray, confidence: float, *, memory: float = 1.0, parts: tuple[int, ...] = ()
) -> Dependence:
    """Return the design effect of a share: its variance between blocks over that of independent requests.

    Up to one hit (or one miss) says nothing about dependence: the effect is then that of the memory.

    Args:
        hits: int64[blocks].
        trials: int64[blocks].
        confidence: one-sided.
        memory: requests over which the service remembers, see :mod:`gonogo.verdicts.memory`.
        parts: blocks of each of several runs; how runs differ is then a level above how blocks do.
    """
    count, total = int(hits.sum()), int(trials.sum())
    fewer = min(count, total - count)
    enough = enough_requests(memory)
    seen = spread(hits.astype(np.float64), trials.astype(np.float64), parts=parts)
    settled = total >= enough and int(np.count_nonzero(trials)) >= FEWEST_BLOCKS
    longer = max(1.0, enough / max(1, total))
    if fewer <= 1 or not seen.levels:
        longer = longer if settled else max(longer, seen.longer)
    else:
        settled = settled and seen.settled
        longer = max(longer, seen.longer) if settled or seen.longer else 0
    return Dependence(seen, memory, count / max(1, total), fewer, total, confidence, settled, longer)


def enough_requests(memory: float) -> int:
    """Return the requests that make FEWEST_BLOCKS blocks, each three times as long as the service remembers."""
    return math.ceil(FEWEST_BLOCKS * (1 + _MEMORIES_A_BLOCK * (memory - 1)))


def least_effect(memory: float, confidence: float) -> float:
    """Return the design effect that the service's memory alone makes, for bounds at ``confidence``."""
    return 1 + _CAUTION * (memory - 1) * _few_blocks(confidence)


def _few_blocks(confidence: float) -> float:
    """Return how much more the memory, seen from few blocks, may be at ``confidence`` than at the usual one."""
    return max(1.0, _wider(confidence) / _wider(_DOUBT))


def _wider(confidence: float) -> float:
    return float(stdtrit(FEWEST_BLOCKS - 1, 1 - confidence) / ndtri(1 - confidence)) ** 2


def _between_runs(residuals: FloatArray, parts: tuple[int, ...]) -> list[tuple[float, int]]:
    """Return the standard error of the sum of the residuals that the spread between runs gives, if there are runs."""
    runs = len(parts)
    if runs < 2:  # noqa: PLR2004 - one run has no spread
        return []
    sums = np.add.reduceat(residuals, np.cumsum([0, *parts[:-1]]))
    return [(math.sqrt(float(sums @ sums) * runs / (runs - 1)), runs - 1)]


@dataclass(frozen=True, slots=True)
class _Level:
    error: float
    blocks: int
    correlation: float


def _level(residuals: FloatArray, weights: FloatArray, count: int) -> _Level:
    """Return what blocks merged to ``count`` say; the error is the standard error of the sum of the residuals."""
    merged = grouped(residuals, count)[grouped(weights, count) > 0]
    blocks = len(merged)
    squares = float(merged @ merged)
    if blocks < 2 or squares == 0:  # noqa: PLR2004 - one block has no spread
        return _Level(0.0 if blocks > 1 else math.inf, max(2, blocks), 0.0)
    correlation = float(merged[:-1] @ merged[1:]) / squares
    left = (1 + correlation) / (1 - correlation) if correlation > 0 else 1.0
    return _Level(math.sqrt(squares * blocks / (blocks - 1) * left), blocks, correlation)


def _unsettled(residuals: FloatArray, weights: FloatArray) -> Spread:
    """Return every view of too few, or still dependent, blocks."""
    fine = len(residuals)
    counts = [*([fine] if fine < FEWEST_BLOCKS else []), *(count for count in _COARSE if count < fine)]
    levels = [_level(residuals, weights, count) for count in counts]
    weight = float(weights.sum())
    doubt = float(ndtri(_DOUBT))
    free = [level.blocks for level in levels if level.correlation <= doubt / math.sqrt(level.blocks)]
    longer = FEWEST_BLOCKS / free[0] if free else 0
    known = tuple((level.error / weight, level.blocks - 1) for level in levels)
    return Spread(known, levels[-1].blocks, settled=False, longer=longer)

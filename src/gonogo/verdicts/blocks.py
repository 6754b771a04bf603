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
from scipy.special import gammaincinv, ndtri, stdtrit

from gonogo.verdicts.evidence import FloatArray, IntArray

__all__ = ["FEWEST_BLOCKS", "Dependence", "Spread", "enough_requests", "grouped", "measure_dependence", "spread"]

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


def grouped(column: FloatArray, count: int) -> FloatArray:
    """Return the sums of ``column`` in ``count`` neighbouring groups of almost equal size."""
    return np.add.reduceat(column, np.arange(count) * len(column) // count)


def spread(totals: FloatArray, weights: FloatArray, confidence: float, *, parts: tuple[int, ...] = ()) -> Spread:
    """Return the uncertainty of ``sum(totals) / sum(weights)`` from blocks in order of time.

    Args:
        totals: float64[blocks], hits or weighted values of each block.
        weights: float64[blocks], requests or seconds of each block; blocks of weight 0 hold nothing.
        confidence: one-sided.
        parts: blocks of each of several runs; how runs differ is then a level above how blocks do.
    """
    filled = int(np.count_nonzero(weights))
    weight = float(weights.sum())
    if filled < 2:  # noqa: PLR2004 - one block has no spread
        return Spread(math.inf, filled, settled=False, longer=0 if not filled else FEWEST_BLOCKS)
    residuals = totals - weights * (totals.sum() / weight)
    # What rounding leaves of equal blocks must not pass for correlation.
    residuals[np.abs(residuals) <= _ROUNDING * np.abs(totals).max()] = 0.0
    reach, blocks = _between_runs(residuals, parts, confidence) / weight, 0
    for count in (c for c in (min(len(totals), _COUNTS[0]), *_COUNTS[1:]) if FEWEST_BLOCKS <= c <= len(totals)):
        seen = _level(residuals, weights, count, confidence)
        if seen.blocks < FEWEST_BLOCKS:
            break
        doubt = _DOUBT if count > FEWEST_BLOCKS else _LAST_DOUBT
        if not blocks and seen.correlation > float(ndtri(doubt)) / math.sqrt(seen.blocks):
            continue
        blocks = blocks or seen.blocks
        reach = max(reach, seen.reach / weight)
    if blocks:
        return Spread(reach, blocks, settled=True, longer=1)
    coarse = _unsettled(residuals, weights, confidence)
    return replace(coarse, reach=max(reach, coarse.reach))


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
    least = 1 + _CAUTION * (memory - 1)
    enough = enough_requests(memory)
    seen = spread(hits.astype(np.float64), trials.astype(np.float64), confidence, parts=parts)
    long = total >= enough and int(np.count_nonzero(trials)) >= FEWEST_BLOCKS
    longer = max(1.0, enough / max(1, total))
    if fewer <= 1 or not math.isfinite(seen.reach):
        return Dependence(least, seen.blocks, settled=long, longer=longer if long else max(longer, seen.longer))
    share = count / total
    independent = float(stdtrit(total - 1, confidence)) * math.sqrt(share * (1 - share) / total)
    # All that was seen may be one cluster, but no more than one.
    effect = min(float(fewer), max(1.0, (seen.reach / independent) ** 2))
    clustered = 1 + (effect - 1) * _doubt_of_clusters(fewer / effect)
    settled = seen.settled and long
    known = settled or seen.longer
    return Dependence(max(least, clustered), seen.blocks, settled, max(longer, seen.longer) if known else 0)


def enough_requests(memory: float) -> int:
    """Return the requests that make FEWEST_BLOCKS blocks, each three times as long as the service remembers."""
    return math.ceil(FEWEST_BLOCKS * (1 + _MEMORIES_A_BLOCK * (memory - 1)))


def _doubt_of_clusters(clusters: float) -> float:
    """Return how much larger clusters may be, with a chance of one tenth, than the mean of so few as were seen.

    The mean of exponential sizes over its lower decile: a gamma quantile.
    """
    return clusters / float(gammaincinv(clusters, _CLUSTER_DOUBT))


def _between_runs(residuals: FloatArray, parts: tuple[int, ...], confidence: float) -> float:
    """Return the one-sided half-width of the sum of the residuals that the spread between runs gives."""
    runs = len(parts)
    if runs < 2:  # noqa: PLR2004 - one run has no spread
        return 0.0
    sums = np.add.reduceat(residuals, np.cumsum([0, *parts[:-1]]))
    return float(stdtrit(runs - 1, confidence)) * math.sqrt(float(sums @ sums) * runs / (runs - 1))


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

"""Memory: over how many requests a service remembers, seen from a signal that every request shows.

The integrated autocorrelation time: the mean of ``n`` requests varies as much as that of ``n / memory`` independent
ones. It is estimated from block means: their variance tells what requests of one block have in common, the initial
monotone sequence of their autocovariances (Geyer, Practical Markov chain Monte Carlo, Statistical Science 7, 1992,
473-483) what neighbouring blocks have. Where that variance comes from few blocks, as with a stall now and then, the
stalls that are still to come may be longer: the memory can be bounded from as few events as were seen.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.special import gammaincinv

from gonogo.verdicts.evidence import FloatArray, IntArray, Signal

__all__ = ["doubt_of_clusters", "measure_memory", "nearness"]

_NEAR: Final = 1 / 6
_NOTHING: Final = 1e-12


def nearness(values: FloatArray, block: IntArray, limit: float) -> Signal:
    """Return how near ``values`` came to ``limit``, on a logarithmic scale from a sixth of the limit to six times it.

    What is faster than a sixth of the limit counts as equally fast: how a service varies far below its limit says
    nothing about what lies beyond it, while slow phases that a run has not seen go along with near misses.
    """
    if limit <= 0 or not math.isfinite(limit):
        return Signal.of(np.zeros(len(values)), block)
    return Signal.of(np.log(np.clip(values / limit, _NEAR, 1 / _NEAR)), block)


def measure_memory(signal: Signal | None, *, doubt: float | None = None) -> float:
    """Return the memory in requests, at least 1; 1 for a signal that never changes.

    Args:
        signal: what every request shows.
        doubt: chance that it is longer, as far as it was seen from few events; None: as it was seen.
    """
    if signal is None:
        return 1.0
    total = float(signal.counts.sum())
    filled = signal.counts > 0
    blocks = int(np.count_nonzero(filled))
    if blocks < 2 or signal.variance <= _NOTHING:  # noqa: PLR2004 - one block has no spread
        return 1.0
    residuals = (signal.sums - signal.counts * (float(signal.sums.sum()) / total))[filled]
    squares = float(residuals @ residuals)
    inside = squares / (total * signal.variance)
    found = max(1.0, inside * _between(residuals, squares))
    if doubt is None or squares <= 0:
        return found
    return 1 + (found - 1) * doubt_of_clusters(squares**2 / float((residuals**4).sum()), doubt)


def doubt_of_clusters(clusters: float, doubt: float) -> float:
    """Return how much larger clusters may be, with a chance of ``doubt``, than the mean of so few as were seen.

    The mean of exponential sizes over a low quantile of theirs: a gamma quantile.
    """
    return clusters / float(gammaincinv(clusters, doubt))


def _between(residuals: FloatArray, squares: float) -> float:
    """Return the integrated autocorrelation time of block sums, in blocks and at least 1."""
    if squares <= 0:
        return 1.0
    blocks = len(residuals)
    size = 2 * blocks
    power = np.abs(np.fft.rfft(residuals, size)) ** 2
    correlation = np.fft.irfft(power, size)[:blocks] / squares
    pairs = np.minimum.accumulate(correlation[: blocks // 2 * 2].reshape(-1, 2).sum(axis=1))
    found = max(1.0, 2 * float(pairs[: int(np.argmax(pairs <= 0)) if (pairs <= 0).any() else None].sum()) - 1)
    # Taking the mean of the run itself away hides about so much of a slow movement.
    return found / max(0.5, 1 - (found - 1) / blocks)

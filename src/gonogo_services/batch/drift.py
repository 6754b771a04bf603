"""How far a sample lies from a reference: population stability indices and class shares, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtr, chndtrinc

__all__ = ["Interval", "bin_counts", "bin_edges", "share", "stability_index"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A quantity with the bounds of its two-sided interval."""

    value: float
    low: float
    high: float


def bin_edges(values: NDArray[np.float64], bins: int = 10) -> list[float]:
    """Return the inner edges of up to ``bins`` bins that hold about as many of ``values`` each."""
    quantiles = np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])
    return [float(edge) for edge in np.unique(quantiles)]


def bin_counts(values: NDArray[np.float64], edges: Sequence[float]) -> list[int]:
    """Return how many of ``values`` lie in each of the bins; a value on an edge belongs to the bin above it."""
    positions = np.searchsorted(np.asarray(edges), values, side="right")
    return [int(count) for count in np.bincount(positions, minlength=len(edges) + 1)]


def stability_index(reference: Sequence[int], sample: Sequence[int], confidence: float = 0.95) -> Interval:
    """Return the population stability index of two histograms with the same bins, and its interval.

    The index is the sum of (p - q) ln(p / q) (Siddiqi, "Credit Risk Scorecards", 2006); half a row is added to every
    bin, so that an empty one leaves it finite. Divided by 1/n + 1/m it is distributed about as a noncentral chi-squared
    variable with one degree of freedom less than there are bins (Yurdakul, "Statistical Properties of Population
    Stability Index", 2018, has the central case), and the bounds are those of its noncentrality. So the value of two
    samples from one population lies above 0, while the interval reaches down to 0.

    Raises:
        ValueError: the histograms have different or fewer than two bins, or one of them is empty.
    """
    if len(reference) != len(sample) or len(reference) < 2:  # noqa: PLR2004 - with one bin there is nothing to compare
        raise ValueError(f"histograms of {len(reference)} and {len(sample)} bins cannot be compared")
    n, m = sum(reference), sum(sample)
    if not n or not m:
        raise ValueError("a histogram without a row cannot be compared")
    p = (np.asarray(reference, np.float64) + 0.5) / (n + 0.5 * len(reference))
    q = (np.asarray(sample, np.float64) + 0.5) / (m + 0.5 * len(sample))
    index = float(((p - q) * np.log(p / q)).sum())
    scale = 1 / n + 1 / m
    freedom = len(reference) - 1
    tail = (1 - confidence) / 2
    low = _noncentrality(index / scale, freedom, 1 - tail)
    high = _noncentrality(index / scale, freedom, tail)
    return Interval(index, low * scale, high * scale)


def share(count: int, rows: int, confidence: float = 0.95) -> Interval:
    """Return a share with its interval (Wilson, "Probable Inference", 1927).

    Raises:
        ValueError: there are no rows.
    """
    if rows < 1:
        raise ValueError("a share of no rows does not exist")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = count / rows
    centre = (p + z * z / (2 * rows)) / (1 + z * z / rows)
    margin = z / (1 + z * z / rows) * math.sqrt(p * (1 - p) / rows + z * z / (4 * rows * rows))
    return Interval(p, max(0.0, centre - margin), min(1.0, centre + margin))


def _noncentrality(statistic: float, freedom: int, probability: float) -> float:
    if chdtr(freedom, statistic) <= probability:
        return 0.0  # even without any noncentrality so small a statistic is that likely
    return float(chndtrinc(statistic, freedom, probability))

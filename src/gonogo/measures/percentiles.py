"""The latency percentile curve of a run, for plots with a logarithmic axis of rarity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gonogo.measures.rows import failed_with, without
from gonogo.measures.times import values_of
from gonogo.runs.run import Run
from gonogo.verdicts.evidence import FloatArray
from gonogo.verdicts.order import quantiles

__all__ = ["Curve", "curve"]

_POINTS_A_DECADE = 20
_DECADES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Latency over percentiles.

    Attributes:
        percentile: float64[points], 0 to 99.99, spaced evenly in the logarithm of ``100 - percentile``; it ends where
            fewer than one request is beyond.
        all_due_s: float64[points], seconds; ``inf`` from where on requests had no success.
        answered_s: float64[points], seconds, of the answered requests; NaN without any.
    """

    percentile: FloatArray
    all_due_s: FloatArray
    answered_s: FloatArray


def curve(run: Run) -> Curve:
    """Return the percentile curve of ``run``."""
    columns = without(run, failed_with(run.columns, "cut")).columns
    decades = min(float(_DECADES), float(np.log10(max(1, len(columns)))))
    rarity = np.linspace(0, decades, round(decades * _POINTS_A_DECADE) + 1)
    levels = 1 - 10.0**-rarity
    points = tuple(float(level) for level in levels)
    everything, _ = values_of(columns, "")
    some, members = values_of(columns, "answered")
    return Curve(
        percentile=levels * 100,
        all_due_s=np.array(quantiles(everything, points)),
        answered_s=np.array(quantiles(some[members], points)),
    )

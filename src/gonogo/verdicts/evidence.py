"""Evidence: the numbers of a run that one criterion needs, free of clocks, files and runs.

Measures make evidence, verdicts judge it. Requests of one run depend on each other, so proportions and means come
in time blocks of equal length; what a block is in seconds is the measure's concern.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Evidence", "Fact", "Mean", "Proportion", "Quantile"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Proportion:
    """How many of the due requests have a property, in time blocks: ``hits[i]`` of ``trials[i]``.

    Attributes:
        hits: int64[blocks], the requests with the property.
        trials: int64[blocks], the requests due in the block.
        noun: what the share counts, in the plural: ``successes``, ``answers with status 503``.
    """

    hits: IntArray
    trials: IntArray
    noun: str


@dataclass(frozen=True, slots=True)
class Quantile:
    """Values of which a quantile is judged, one per request in order of due time; ``inf`` where no answer came.

    Attributes:
        values: float64[n] in the measure's unit.
        block: int64[n], the index of the time block of each value, not falling.
        level: the quantile's level, 0.99 for p99.
        noun: what the values are: ``latency of all requests due``.
    """

    values: FloatArray
    block: IntArray
    level: float
    noun: str


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean or a rate by time blocks.

    Attributes:
        values: float64[blocks], one estimate per block; ``inf`` makes the mean undefined.
        weights: float64[blocks], requests (for a mean) or seconds (for a rate) of each block.
        observed: the overall figure, which the interval is drawn around.
        unit: ``s`` or ``/s``.
        noun: what is averaged.
    """

    values: FloatArray
    weights: FloatArray
    observed: float
    unit: str
    noun: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure that is compared exactly: a count, an extreme, an every-or-none claim.

    Attributes:
        n: requests that it was seen on.
        noun: what it is.
        rare: the figure is about the worst of n: verdicts name the rate of worse ones that it rules out (3/n).
    """

    value: float
    n: int
    unit: str
    noun: str
    rare: bool = False


Evidence = Proportion | Quantile | Mean | Fact

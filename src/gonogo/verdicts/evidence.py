"""Evidence: the numbers of a run that one criterion needs, free of clocks, files and runs.

Measures make evidence, verdicts judge it. Requests of one run depend on each other, so proportions and means come
in time blocks of equal length; what a block is in seconds is the measure's concern.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gonogo.errors import MeasurementError

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

    def __post_init__(self) -> None:
        if self.hits.shape != self.trials.shape or bool(((self.hits < 0) | (self.hits > self.trials)).any()):
            raise MeasurementError("a block has more hits than trials, or one of them is missing", where=self.noun)


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

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise MeasurementError(f"{self.level} is no level of a quantile", where=self.noun)
        if self.values.shape != self.block.shape or bool(np.isnan(self.values).any()):
            raise MeasurementError("a value is not a number, or has no block", where=self.noun)
        if len(self.block) and (int(self.block[0]) < 0 or bool((np.diff(self.block) < 0).any())):
            raise MeasurementError("values are not in order of their blocks", where=self.noun)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean or a rate by time blocks.

    Attributes:
        values: float64[blocks], one estimate per block; ``inf`` makes the mean undefined; not looked at where the
            weight is 0.
        weights: float64[blocks], requests (for a mean) or seconds (for a rate) of each block.
        observed: the overall figure, which the interval is drawn around.
        unit: ``s`` or ``/s``.
        n: requests that it was seen on.
        noun: what is averaged.
        mend: what to judge in its place where it is undefined.
    """

    values: FloatArray
    weights: FloatArray
    observed: float
    unit: str
    n: int
    noun: str
    mend: str = ""

    def __post_init__(self) -> None:
        if self.values.shape != self.weights.shape or not bool((self.weights >= 0).all()):
            raise MeasurementError("a block has no weight, or one below 0", where=self.noun)


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

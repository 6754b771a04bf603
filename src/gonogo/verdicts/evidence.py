"""Evidence: the numbers of a run that one criterion needs, free of clocks, files and runs.

Measures make evidence, verdicts judge it. Requests of one run depend on each other, so proportions and means come
in time blocks of equal length; what a block is in seconds is the measure's concern.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gonogo.errors import MeasurementError

__all__ = ["Evidence", "Fact", "FloatArray", "IntArray", "Mean", "Proportion", "Quantile", "Signal"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that every request shows and that tells how long the service remembers, in the time blocks of a run.

    Failures are rare, so they cannot tell how they cluster before a run has seen many. How near every request came to
    failing can: it moves with what makes requests fail.

    Attributes:
        sums: float64[blocks], of the signal over the requests of each block.
        counts: float64[blocks], requests of each block.
        variance: of the signal over all requests.
    """

    sums: FloatArray
    counts: FloatArray
    variance: float

    def __post_init__(self) -> None:
        if self.sums.shape != self.counts.shape or not self.variance >= 0:
            raise MeasurementError("a signal needs a sum and a count for every block, and a variance of at least 0")

    @classmethod
    def of(cls, values: FloatArray, block: IntArray) -> Signal:
        """Return the signal of ``values``, one per request, each in the time block ``block``."""
        count = int(block[-1]) + 1 if len(block) else 0
        return cls(
            sums=np.bincount(block, weights=values, minlength=count).astype(np.float64),
            counts=np.bincount(block, minlength=count).astype(np.float64),
            variance=float(values.var()) if len(values) else 0.0,
        )


@dataclass(frozen=True, slots=True)
class Proportion:
    """How many of the due requests have a property, in time blocks: ``hits[i]`` of ``trials[i]``.

    Attributes:
        hits: int64[blocks], the requests with the property.
        trials: int64[blocks], the requests due in the block.
        noun: what the share counts, in the plural: ``successes``, ``answers with status 503``.
        signal: how near requests came to it, where that can be seen.
        parts: blocks of each run, when several were put together; empty for one.
    """

    hits: IntArray
    trials: IntArray
    noun: str
    signal: Signal | None = None
    parts: tuple[int, ...] = ()

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
        parts: see Proportion.
    """

    values: FloatArray
    block: IntArray
    level: float
    noun: str
    parts: tuple[int, ...] = ()

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
        each: float64[n], what every request contributes, in order; empty when only blocks are known.
        block: int64[n], the time block of each.
        most: no request can contribute more (the timeout); the least is 0.
        signal: see Proportion.
        parts: see Proportion.
    """

    values: FloatArray
    weights: FloatArray
    observed: float
    unit: str
    n: int
    noun: str
    mend: str = ""
    each: FloatArray = field(default_factory=lambda: np.zeros(0))
    block: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    most: float = math.inf
    signal: Signal | None = None
    parts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.values.shape != self.weights.shape or not bool((self.weights >= 0).all()):
            raise MeasurementError("a block has no weight, or one below 0", where=self.noun)
        if self.each.shape != self.block.shape:
            raise MeasurementError("a value has no block", where=self.noun)


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

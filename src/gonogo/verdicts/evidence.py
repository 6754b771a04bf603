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

__all__ = [
    "Difference",
    "Evidence",
    "Fact",
    "FloatArray",
    "IntArray",
    "Mean",
    "Missing",
    "Proportion",
    "Quantile",
    "Signal",
    "Slice",
    "Slices",
    "Split",
    "Stability",
]

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
        squares: float64[blocks], sums of the signal's squares.
    """

    sums: FloatArray
    counts: FloatArray
    squares: FloatArray

    def __post_init__(self) -> None:
        if not self.sums.shape == self.counts.shape == self.squares.shape:
            raise MeasurementError("a signal needs a sum, a count and a sum of squares for every block")

    @classmethod
    def of(cls, values: FloatArray, block: IntArray) -> Signal:
        """Return the signal of ``values``, one per request, each in the time block ``block``."""
        count = int(block[-1]) + 1 if len(block) else 0
        return cls(
            sums=np.bincount(block, weights=values, minlength=count).astype(np.float64),
            counts=np.bincount(block, minlength=count).astype(np.float64),
            squares=np.bincount(block, weights=values * values, minlength=count).astype(np.float64),
        )

    @property
    def variance(self) -> float:
        """Of the signal over all requests."""
        total = float(self.counts.sum())
        if not total:
            return 0.0
        return max(0.0, float(self.squares.sum()) / total - (float(self.sums.sum()) / total) ** 2)

    def since(self, block: int) -> Signal:
        """Return the signal from a block on."""
        return Signal(self.sums[block:], self.counts[block:], self.squares[block:])


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


@dataclass(frozen=True, slots=True)
class Split:
    """How requests, or users, were shared out among models, in time blocks.

    Attributes:
        labels: of the models, at least two.
        weights: declared share of each; they add up to 1.
        hits: int64[blocks, models].
        missing: int64[blocks], those of which nobody knows the model.
        noun: what is counted, in the plural: ``requests``, ``users``.
        effect: design effect that the bounds are not to be narrower than: requests of one user go together.
        violations: facts that contradict the declaration whatever the shares are.
        open_because: why the shares cannot be held against the weights; empty when they can.
    """

    labels: tuple[str, ...]
    weights: tuple[float, ...]
    hits: IntArray
    missing: IntArray
    noun: str
    effect: float = 1.0
    violations: tuple[str, ...] = ()
    open_because: str = ""

    def __post_init__(self) -> None:
        if len(self.labels) < 2 or len(self.labels) != len(self.weights):  # noqa: PLR2004 - nothing is split in one
            raise MeasurementError("a split needs two models or more, and a weight for each")
        if abs(sum(self.weights) - 1) > 1e-6 or min(self.weights) < 0:  # noqa: PLR2004 - rounding
            raise MeasurementError(f"the weights {self.weights} are no shares of 1", where=", ".join(self.labels))
        if self.hits.shape != (len(self.missing), len(self.labels)):
            raise MeasurementError("a block has no count for one of the models")

    @property
    def n(self) -> int:
        """All that were shared out."""
        return int(self.hits.sum() + self.missing.sum())


@dataclass(frozen=True, slots=True)
class Difference:
    """Figures of a candidate and of the current model, to be held against each other.

    Attributes:
        candidate, current: of the same kind.
        names: of the two, the candidate's first.
        noun: what the figure is: ``successes``, ``p99 of the latency``.
        counted: what it was seen on, in the plural.
        open_because: why nothing can be concluded; empty when something can.
    """

    candidate: Proportion | Quantile
    current: Proportion | Quantile
    names: tuple[str, str]
    noun: str
    counted: str = "requests"
    open_because: str = ""

    def __post_init__(self) -> None:
        if type(self.candidate) is not type(self.current):
            raise MeasurementError("figures of two kinds have no difference", where=self.noun)


@dataclass(frozen=True, slots=True)
class Stability:
    """Two histograms over the same bins.

    Attributes:
        live: int64[bins].
        shadow: int64[bins].
        noun: what was counted: ``score of versicolor``.
        effect: design effect: n requests tell as much as n / effect independent ones.
    """

    live: IntArray
    shadow: IntArray
    noun: str
    effect: float = 1.0

    def __post_init__(self) -> None:
        if self.live.shape != self.shadow.shape or not self.live.size or min(self.live.min(), self.shadow.min()) < 0:
            raise MeasurementError("the two histograms have not the same bins", where=self.noun)

    @property
    def n(self) -> int:
        """Requests on the smaller side."""
        return int(min(self.live.sum(), self.shadow.sum()))


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the requests, by a property of their input: ``petal_length of 4.3 to 5.1``."""

    name: str
    share: Proportion


@dataclass(frozen=True, slots=True)
class Slices:
    """Every slice that is looked at; several of them may hold the same request.

    Attributes:
        noun: what the shares count.
    """

    slices: tuple[Slice, ...]
    noun: str

    def __post_init__(self) -> None:
        if any(not int(one.share.trials.sum()) for one in self.slices):
            raise MeasurementError("a slice holds no request", where=self.noun)


@dataclass(frozen=True, slots=True)
class Missing:
    """What would be evidence if enough of it were there.

    Attributes:
        noun: what nothing can be said about.
        why: as a clause, with figures and with what would mend it.
        n: requests that it was seen on.
        unit: of the measure.
    """

    noun: str
    why: str
    n: int
    unit: str


Evidence = Proportion | Quantile | Mean | Fact | Split | Difference | Stability | Slices | Missing

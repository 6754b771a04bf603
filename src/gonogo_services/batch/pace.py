"""How fast a job goes, and when it will be done, from what has been measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import stdtrit

__all__ = ["Estimate", "Pace"]

_LEAST_CHUNKS = 3


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds still needed: the expected number, and the bounds of its two-sided interval."""

    low_s: float
    expected_s: float
    high_s: float


class Pace:
    """Rows and seconds of the chunks so far.

    The rate is a ratio estimate, seconds over rows; its interval is that of Cochran, "Sampling Techniques" (1977),
    section 6.3, with Student's t on one degree of freedom less than there are chunks. Chunks are taken to be
    independent, so the interval tells of the scatter so far and of nothing that is still to come.

    Args:
        confidence: of the two-sided interval.
    """

    def __init__(self, confidence: float = 0.95) -> None:
        self._confidence = confidence
        self._chunks = 0
        self._rows = self._rows_squared = 0
        self._seconds = self._seconds_squared = self._product = 0.0

    def add(self, rows: int, seconds: float) -> None:
        """Take in a chunk of ``rows`` that was completed ``seconds`` after the one before it."""
        self._chunks += 1
        self._rows += rows
        self._rows_squared += rows * rows
        self._seconds += seconds
        self._seconds_squared += seconds * seconds
        self._product += rows * seconds

    @property
    def rows_per_s(self) -> float:
        """The rate so far; 0 before the first chunk."""
        return self._rows / self._seconds if self._seconds > 0 else 0.0

    def estimate(self, remaining: int) -> Estimate | None:
        """Return the time that ``remaining`` rows need; None while fewer than three chunks are known."""
        if remaining <= 0:
            return Estimate(0.0, 0.0, 0.0)
        if self._chunks < _LEAST_CHUNKS or self._rows == 0:
            return None
        ratio = self._seconds / self._rows
        residuals = self._seconds_squared - 2 * ratio * self._product + ratio * ratio * self._rows_squared
        variance = max(0.0, residuals) * self._chunks / (self._chunks - 1) / self._rows**2
        quantile = float(stdtrit(self._chunks - 1, 0.5 + self._confidence / 2))
        margin = quantile * math.sqrt(variance)
        return Estimate(
            max(0.0, ratio - margin) * remaining,
            ratio * remaining,
            (ratio + margin) * remaining,
        )

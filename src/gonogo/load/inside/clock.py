"""The clock of a worker, as far as it can be known from here: by asking what time it is there, and how long that took.

Machines need not agree on the time. The least round trip bounds the error: the answer was given somewhere between
question and arrival (F. Cristian, Probabilistic clock synchronization, Distributed Computing 3, 1989).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Reading", "best", "spread_s"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One question and its answer, in seconds of either clock.

    Attributes:
        asked_s: when the question left, by the clock here; ``heard_s`` when the answer came.
        told_s: the answer: the clock there.
    """

    asked_s: float
    told_s: float
    heard_s: float

    @property
    def offset_s(self) -> float:
        """What the clock there is ahead of the one here."""
        return self.told_s - (self.asked_s + self.heard_s) / 2

    @property
    def error_s(self) -> float:
        """By how much the offset may be wrong."""
        return (self.heard_s - self.asked_s) / 2


def best(readings: Iterable[Reading]) -> Reading:
    """Return the reading with the least error."""
    return min(readings, key=lambda reading: reading.error_s)


def spread_s(readings: Iterable[Reading]) -> float:
    """Return how far apart two workers' starts may be at most, if all start at one moment of the clock here."""
    errors = sorted((reading.error_s for reading in readings), reverse=True)
    return sum(errors[:2]) if len(errors) > 1 else 0.0

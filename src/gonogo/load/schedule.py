"""Schedules: when each request of an open loop is due, as pure values.

Times are seconds from the run's start. Requests of the warm-up are due before 0, measured ones from 0 until before
the duration is over; times never go down. The same schedule always gives the same times, so whoever needs to know
what was due at a moment can compute it again.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

__all__ = ["MOST_REQUESTS", "Constant", "Poisson", "Schedule", "schedule"]

MOST_REQUESTS = 50_000_000
"""The most requests of one run: more do not fit into the memory of common machines (66 bytes each)."""


class Schedule(Protocol):
    """When requests are due."""

    @property
    def most(self) -> int:
        """At least as many as there are due times, warm-up included."""

    def due_times(self) -> Iterator[float]:
        """Yield the due time of each request in seconds, in order."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Evenly spaced: request ``i`` of the measured part is due at ``i / rate``."""

    rate: float
    duration_s: float
    warmup_s: float = 0.0

    @property
    def warmup_requests(self) -> int:
        """Requests due before 0."""
        return round(self.rate * self.warmup_s)

    @property
    def most(self) -> int:
        """Requests due, warm-up included."""
        return self.warmup_requests + max(1, round(self.rate * self.duration_s))

    def due(self, request: int) -> float:
        """Return when a request is due, counted from the first of the warm-up."""
        return (request - self.warmup_requests) / self.rate

    def due_times(self) -> Iterator[float]:
        """Yield the due time of each request in seconds, in order."""
        return map(self.due, range(self.most))


@dataclass(frozen=True, slots=True)
class Poisson:
    """Independent arrivals: gaps are exponential with mean ``1 / rate`` and follow from the seed alone."""

    rate: float
    duration_s: float
    warmup_s: float = 0.0
    seed: int = 0

    @property
    def most(self) -> int:
        """At least as many as are due: ten standard deviations above the mean."""
        mean = self.rate * (self.duration_s + self.warmup_s)
        return math.ceil(mean + 10 * math.sqrt(mean) + 50)

    def due_times(self) -> Iterator[float]:
        """Yield the due time of each request in seconds, in order."""
        gap = random.Random(f"arrivals {self.seed}").expovariate  # noqa: S311 - repeatable load, not a secret
        due = -self.warmup_s
        for _ in range(self.most):
            due += gap(self.rate)
            if due >= self.duration_s:
                return
            yield due


def schedule(rate: float, duration_s: float, warmup_s: float, *, arrivals: str, seed: int) -> Schedule:
    """Return the schedule that a plan names: ``arrivals`` is ``constant`` or ``poisson``."""
    if arrivals == "poisson":
        return Poisson(rate, duration_s, warmup_s, seed)
    return Constant(rate, duration_s, warmup_s)

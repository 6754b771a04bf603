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
from itertools import chain
from typing import Protocol

from gonogo.load.profile import Profile

__all__ = ["MOST_REQUESTS", "Changing", "Constant", "Poisson", "Schedule", "schedule"]

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
        rate, before = self.rate, self.warmup_requests
        return (request / rate for request in range(-before, self.most - before))


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


@dataclass(frozen=True, slots=True)
class Changing:
    """A rate that changes: request ``i`` is due when the area under the rate has reached ``i``.

    Poisson arrivals are due when it has reached the times of a Poisson process of rate 1. The warm-up goes at the
    profile's first rate.
    """

    profile: Profile
    duration_s: float
    warmup_s: float = 0.0
    arrivals: str = "constant"
    seed: int = 0

    @property
    def most(self) -> int:
        """At least as many as are due: for Poisson arrivals, ten standard deviations above the mean."""
        area = self.profile.requests(self.duration_s)
        if self.arrivals == "constant":
            return self._warmup.most + max(1, round(area))
        return self._warmup.most + math.ceil(area + 10 * math.sqrt(area) + 50)

    @property
    def _warmup(self) -> Schedule:
        rate = self.profile.stages[0].begin
        if not self.warmup_s or not rate:
            return _NOTHING
        return schedule(rate, self.warmup_s, 0.0, arrivals=self.arrivals, seed=self.seed)

    def due_times(self) -> Iterator[float]:
        """Yield the due time of each request in seconds, in order."""
        before = (due - self.warmup_s for due in self._warmup.due_times())
        return chain(before, self.profile.due_times(self._positions(), self.duration_s))

    def _positions(self) -> Iterator[float]:
        if self.arrivals == "constant":
            yield from range(max(1, round(self.profile.requests(self.duration_s))))
            return
        gap = random.Random(f"arrivals {self.seed} at a changing rate").expovariate  # noqa: S311 - repeatable load
        position = 0.0
        for _ in range(self.most - self._warmup.most):
            position += gap(1.0)
            yield position


@dataclass(frozen=True, slots=True)
class _Nothing:
    """No request at all."""

    most: int = 0

    def due_times(self) -> Iterator[float]:
        """Yield nothing."""
        return iter(())


_NOTHING = _Nothing()


def schedule(rate: float | Profile, duration_s: float, warmup_s: float, *, arrivals: str, seed: int) -> Schedule:
    """Return the schedule that a plan names: ``arrivals`` is ``constant`` or ``poisson``."""
    if isinstance(rate, Profile):
        return Changing(rate, duration_s, warmup_s, arrivals, seed)
    if arrivals == "poisson":
        return Poisson(rate, duration_s, warmup_s, seed)
    return Constant(rate, duration_s, warmup_s)

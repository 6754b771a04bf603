"""What a job tells while it runs: how far it is, how fast, and when it will be done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from gonogo_services.batch.deadline import seconds
from gonogo_services.batch.pace import Estimate, Pace

__all__ = ["Counts", "Progress"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a job so far; ``failed`` counts every attempt, ``parked`` the rows that were given up."""

    predicted: int = 0
    failed: int = 0
    parked: int = 0


class Progress:
    """Counts what the lanes report; every method may be called by any of them.

    Args:
        clock: seconds, never going back.
        total: rows that are due at the start.
    """

    def __init__(self, clock: Callable[[], float], total: int) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pace = Pace()
        self._began = self._last = clock()
        self._counts = Counts()
        self.total = self._remaining = total
        self._seen = self._since = 0
        self._share = 1.0

    def done(self, predicted: int, failed: int, parked: int) -> None:
        """Count a chunk that has been written now."""
        with self._lock:
            now, before = self._clock(), self._counts
            self._pace.add(predicted + failed, now - self._last)
            self._last = now
            self._seen += predicted + failed
            self._remaining = max(0, self._remaining - predicted - failed)
            self._counts = Counts(before.predicted + predicted, before.failed + failed, before.parked + parked)

    def recounted(self, remaining: int) -> None:
        """Take over how many rows are due now: what others did and what was added since is told by the difference."""
        with self._lock:
            own = self._seen - self._since
            others = max(0, self._remaining - remaining)
            self._share = own / (own + others) if own else self._share
            self._since, self._remaining = self._seen, remaining

    @property
    def counts(self) -> Counts:
        """The rows so far."""
        with self._lock:
            return self._counts

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._began

    @property
    def rows_per_s(self) -> float:
        """Rows predicted in each second since the start."""
        return self.counts.predicted / self.elapsed_s if self.elapsed_s > 0 else 0.0

    def estimate(self) -> Estimate | None:
        """Return the time still needed; None while too little is known.

        Other jobs on the same rows are taken to go on as they did until the last recount.
        """
        with self._lock:
            return self._pace.estimate(round(self._remaining * self._share))

    def line(self) -> str:
        """Return a line about the progress."""
        estimate = self.estimate()
        with self._lock:
            gone = max(0, self.total - self._remaining)
            part = f"{gone:,} of {self.total:,} rows ({gone / self.total:.1%})" if self.total else "no rows"
            rate = f"{self._pace.rows_per_s:,.0f} rows/s"
        if estimate is None:
            return f"{part}, {rate}"
        span = f"{seconds(estimate.low_s)} to {seconds(estimate.high_s)}"
        return f"{part}, {rate}, done in about {seconds(estimate.expected_s)} ({span})"

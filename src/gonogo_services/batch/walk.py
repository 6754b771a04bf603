"""The walk of a job's lanes through the ids: where the next chunk begins, and how many rows it may have."""

from __future__ import annotations

import threading
from dataclasses import dataclass

__all__ = ["Step", "Walk"]


@dataclass(frozen=True, slots=True)
class Step:
    """The next chunk to ask for: ids above ``after``, at most ``size`` rows."""

    after: int | None
    size: int


class Walk:
    """Shared by the lanes of a job; every method may be called by any of them.

    Args:
        chunk: rows of a chunk.
        limit: rows altogether; None: no limit.
        start: the first pass begins above this id; later ones begin at the first row.
    """

    def __init__(self, chunk: int, limit: int | None = None, start: int | None = None) -> None:
        self._chunk = chunk
        self._left = limit
        self._after = start
        self._taken = 0
        self._lock = threading.Lock()

    def step(self) -> Step | None:
        """Return the next step; None when the limit is reached."""
        with self._lock:
            size = self._chunk if self._left is None else min(self._chunk, self._left)
            if size == 0:
                return None
            if self._left is not None:
                self._left -= size
            return Step(self._after, size)

    def took(self, step: Step, rows: int, last: int | None) -> None:
        """Note that the step gave ``rows`` rows up to the id ``last``; 0 rows also when the chunk was not written."""
        with self._lock:
            if self._left is not None:
                self._left += step.size - rows
            self._taken += rows
            if last is not None and (self._after is None or last > self._after):
                self._after = last

    @property
    def exhausted(self) -> bool:
        """Whether the limit is reached."""
        with self._lock:
            return self._left == 0

    def begin_again(self) -> int:
        """Go back to the first row and return how many rows were taken since the last time."""
        with self._lock:
            taken, self._taken, self._after = self._taken, 0, None
            return taken

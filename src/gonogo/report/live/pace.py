"""The pace of looking: no more often than asked for, and never for more than a share of the time."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Pace"]


@dataclass(slots=True)
class Pace:
    """Decides when to look next. Times are seconds on any one clock.

    Attributes:
        every_s: the shortest time between two looks.
        share: looking takes no more than this share of the time.
    """

    every_s: float
    share: float
    _next_s: float = 0.0

    def is_due(self, now_s: float) -> bool:
        """Return whether it is time to look."""
        return now_s >= self._next_s

    def looked(self, now_s: float, cost_s: float) -> None:
        """Say that a look just ended and how much CPU time it cost."""
        self._next_s = now_s + max(self.every_s, cost_s / self.share)

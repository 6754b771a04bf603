"""How often dead workers are started again before the service gives up."""

from __future__ import annotations

from collections import deque

__all__ = ["RestartBudget"]


class RestartBudget:
    """Allows a number of deaths within a sliding window of time.

    Args:
        deaths: how many workers may die within the window.
        window_s: length of the window in seconds.
    """

    def __init__(self, deaths: int, window_s: float) -> None:
        self.deaths = deaths
        self.window_s = window_s
        self._died_at: deque[float] = deque()

    def allows(self, now_s: float) -> bool:
        """Count a death at ``now_s`` (any steady clock) and return whether another start is within the budget."""
        self._died_at.append(now_s)
        while self._died_at[0] <= now_s - self.window_s:
            self._died_at.popleft()
        return len(self._died_at) <= self.deaths

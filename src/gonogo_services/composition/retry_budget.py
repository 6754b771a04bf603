"""How many retries a service may be given: a share of its requests, so that retries never multiply an overload."""

from __future__ import annotations

from typing import Final

__all__ = ["RetryBudget"]

_MOST_SAVED: Final = 10.0


class RetryBudget:
    """Every request earns a share of a retry; a retry costs one; at most ten are saved up.

    Args:
        share: what a request earns, from 0 to 1; with 0 there are no retries.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._saved = _MOST_SAVED if share else 0.0

    def earn(self) -> None:
        """Count a request."""
        self._saved = min(_MOST_SAVED, self._saved + self._share)

    def spend(self) -> bool:
        """Return whether a retry is within the budget, and count it if it is."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True

"""The search for the highest rate that holds: doubling until one does not, then halving the ratio between the two."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from gonogo.errors import UsageError

__all__ = ["Bracket"]

_LEAST_PART = 64
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Bracket:
    """Where the highest rate that holds lies, as far as is known. A value: :meth:`told` makes the next one.

    Attributes:
        start: the first rate to try, requests per second.
        most: no rate above it is tried.
        precision: the search ends when the rate that does not hold is at most this share above the one that does.
        held: the highest rate that held; None when none has yet.
        broken: the lowest that did not; None when all have held.
    """

    start: float
    most: float
    precision: float
    held: float | None = None
    broken: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.start <= self.most:
            raise UsageError(
                f"a search from {self.start:g}/s to {self.most:g}/s",
                mend="give a start above 0 and a most that is not below it",
            )
        if not 0.01 <= self.precision <= 1:  # noqa: PLR2004 - the sentence says what it means
            raise UsageError(f"a precision of {self.precision:g}", mend="give a share from 0.01 to 1, such as 0.1")

    @property
    def next_rate(self) -> float | None:
        """The rate to try next; None when the search is over."""
        if self.broken is None:
            tried = self.start if self.held is None else min(2 * self.held, self.most)
            return None if self.held == self.most else rounded(tried)
        if self.held is None:
            tried = rounded(self.broken / 2)
            return tried if tried >= self.start / _LEAST_PART else None
        if self.broken <= self.held * (1 + self.precision):
            return None
        middle = rounded(math.sqrt(self.held * self.broken))
        return middle if self.held < middle < self.broken else None

    def told(self, rate: float, *, held: bool) -> Bracket:
        """Return what is known after ``rate`` held or did not.

        Where it contradicts what was known, as when a service has not recovered from an overload, the later counts:
        a rate that no longer holds takes all above it with it.
        """
        if held:
            broken = self.broken if self.broken is not None and self.broken > rate else None
            return replace(self, held=max(rate, self.held or 0.0), broken=broken)
        still = self.held if self.held is not None and self.held < rate else None
        return replace(self, held=still, broken=min(rate, self.broken or math.inf))


def rounded(rate: float) -> float:
    """Return ``rate`` with three digits: more would claim a precision that no search has."""
    return float(f"{rate:.{_DIGITS}g}")

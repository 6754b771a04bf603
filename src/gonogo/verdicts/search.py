"""Searching for the number from which on something holds."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["first"]


def first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the smallest number in low..high for which ``holds``, high + 1 when none; once true it stays true."""
    high += 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low

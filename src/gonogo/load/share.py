"""Shares: which requests of one schedule each of several engines drives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, cycle
from typing import TypeVar

__all__ = ["Share"]

_T = TypeVar("_T")
_SHORTEST_CYCLE = 4096


@dataclass(frozen=True, slots=True)
class Share:
    """The share of one of several engines.

    Of any ``engines`` requests that follow each other from a multiple of ``engines`` on, each engine has one. Which one
    changes as the digit sum does (the Thue-Morse sequence, for any base), so that no engine has all requests of one of
    several targets that take turns.

    Attributes:
        number: the engine's, from 0 on.
        engines: how many there are.
    """

    number: int = 0
    engines: int = 1

    def of(self, items: Iterable[_T]) -> Iterator[_T]:
        """Yield the items, one for each request of the schedule, that are this share's."""
        if self.engines == 1:
            return iter(items)
        owners = _owners(self.engines)
        return compress(items, cycle([owner == self.number for owner in owners]))

    def part(self, whole: int) -> int:
        """Return this share of a number of connections: they differ by one at most."""
        return whole // self.engines + (self.number < whole % self.engines)


@lru_cache(maxsize=8)
def _owners(engines: int) -> tuple[int, ...]:
    sums = [0]
    while len(sums) < _SHORTEST_CYCLE:
        sums = [(high + low) % engines for high in sums for low in range(engines)]
    return tuple(sums)

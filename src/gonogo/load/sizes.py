"""Sizes: how many bytes of filler a request's body gets.

=============================  =================================================================
written                        the size
=============================  =================================================================
``4096``, ``"4KiB"``           always this
``"1KiB..64KiB"``              any in between, all equally often
``"lognormal(8KiB, 200KiB)"``  log-normal with this median and this 99th percentile
``{"1KiB": 9, "1MiB": 1}``     these, by weight
=============================  =================================================================
"""

from __future__ import annotations

import math
import re
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist

from gonogo.errors import TargetError

__all__ = ["LARGEST", "Lognormal", "Sizes", "Uniform", "Weighted", "parse_size", "sizes"]

LARGEST = 64 * 1024 * 1024
"""The largest size; what a distribution has above it counts as this."""

_UNITS = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "KiB": 1024, "MiB": 1024**2}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(B|KB|MB|KiB|MiB)?")
_LOGNORMAL = re.compile(r"lognormal\(([^,]+),([^,]+)\)")
_P99 = NormalDist().inv_cdf(0.99)
_MEND = "write 4096, '4KiB', '1KiB..64KiB', 'lognormal(8KiB, 200KiB)' or {'1KiB': 9, '1MiB': 1}"


@dataclass(frozen=True, slots=True)
class Uniform:
    """All sizes from ``least`` to ``most`` equally often."""

    least: int
    most: int

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most <= LARGEST:
            raise TargetError(f"sizes from {self.least} to {self.most} bytes", mend=f"stay within 0 and {LARGEST}")

    def at(self, share: float) -> int:
        """Return the size that a share of 0 to 1 of all requests does not exceed."""
        return self.least + min(int(share * (self.most - self.least + 1)), self.most - self.least)


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Log-normal sizes, as those of files and documents are."""

    median: int
    p99: int

    def __post_init__(self) -> None:
        if not 0 < self.median <= self.p99 <= LARGEST:
            raise TargetError(
                f"a median of {self.median} and a 99th percentile of {self.p99} bytes",
                mend=f"give a median above 0 and a 99th percentile from there to {LARGEST}",
            )

    def at(self, share: float) -> int:
        """Return the size that a share of 0 to 1 of all requests does not exceed."""
        spread = math.log(self.p99 / self.median) / _P99
        normal = NormalDist().inv_cdf(min(max(share, 1e-12), 1 - 1e-12))
        return min(LARGEST, round(self.median * math.exp(spread * normal)))


@dataclass(frozen=True, slots=True)
class Weighted:
    """Some sizes, each with its weight."""

    weights: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        for size, weight in self.weights:
            if not 0 <= size <= LARGEST or not 0 < weight < math.inf:
                raise TargetError(f"size {size} with weight {weight}", mend="give weights above 0")
        if not self.weights:
            raise TargetError("no size is given", mend=_MEND)

    def at(self, share: float) -> int:
        """Return the size that a share of 0 to 1 of all requests does not exceed."""
        bounds = list(accumulate(weight for _, weight in self.weights))
        place = bisect(bounds, share * bounds[-1])
        return self.weights[min(place, len(bounds) - 1)][0]


Sizes = Uniform | Lognormal | Weighted


def sizes(given: object) -> Sizes:
    """Return the sizes that ``given`` says; the forms are in the table above.

    Raises:
        TargetError: it is none of them.
    """
    if isinstance(given, Uniform | Lognormal | Weighted):
        return given
    if isinstance(given, Mapping):
        return Weighted(tuple((parse_size(size), float(weight)) for size, weight in given.items()))
    if isinstance(given, str):
        least, ranged, most = given.partition("..")
        if ranged:
            return Uniform(parse_size(least), parse_size(most))
        if match := _LOGNORMAL.fullmatch(given.strip()):
            return Lognormal(parse_size(match.group(1)), parse_size(match.group(2)))
    size = parse_size(given)
    return Uniform(size, size)


def parse_size(given: object) -> int:
    """Return the bytes that ``given`` says: 4096, ``4KiB``, ``1.5MB``.

    Raises:
        TargetError: it is no size.
    """
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    match = _SIZE.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        raise TargetError(f"{given!r} is no size", mend=_MEND)
    return round(float(match.group(1)) * _UNITS[match.group(2) or ""])

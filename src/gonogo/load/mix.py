"""The mix: in which order several weighted targets take their turns."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from heapq import heappop, heappush
from itertools import cycle, islice, repeat
from math import gcd, lcm

__all__ = ["interleave"]

_LONGEST_CYCLE = 65_536


def interleave(weights: Sequence[float], seed: int = 0) -> Iterator[int]:
    """Yield without end the index of the target whose turn it is.

    After any number of turns each target has had its exact share, rounded down or up: turn ``j`` of a target with the
    share ``w`` falls between ``floor((j - 1) / w)`` and ``ceil(j / w)``, earliest deadline first (proportionate
    fairness: Baruah, Cohen, Plaxton and Varvel, Algorithmica 15, 1996). ``seed`` decides who comes first among equals.
    """
    if len(weights) == 1:
        return repeat(0)
    counts = _whole_numbers(weights)
    if sum(counts) > _LONGEST_CYCLE:
        return _turns(counts, seed)
    return cycle(list(islice(_turns(counts, seed), sum(counts))))


def _whole_numbers(weights: Sequence[float]) -> list[int]:
    shares = [Fraction(repr(float(weight))) for weight in weights]
    scale = lcm(*(share.denominator for share in shares))
    counts = [int(share * scale) for share in shares]
    common = gcd(*counts)
    return [count // common for count in counts]


def _turns(counts: Sequence[int], seed: int) -> Iterator[int]:
    total = sum(counts)
    rank = list(range(len(counts)))
    random.Random(f"mix {seed}").shuffle(rank)  # noqa: S311 - repeatable load, not a secret
    taken = [0] * len(counts)
    later = [(0, rank[target], target) for target in range(len(counts))]
    later.sort()
    ready: list[tuple[int, int, int]] = []
    turn = 0
    while True:
        while later and later[0][0] <= turn:
            _, place, target = heappop(later)
            heappush(ready, (-(-(taken[target] + 1) * total // counts[target]), place, target))
        _, place, target = heappop(ready)
        taken[target] += 1
        heappush(later, (taken[target] * total // counts[target], place, target))
        yield target
        turn += 1

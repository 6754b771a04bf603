"""How often parity decides wrongly: ten thousand simulated runs at the very edge of what a criterion allows.

    python bench/statistics/parity.py [--runs 10000] [--seed 1]

Each row has a truth that lies exactly on the limit, so that GO is wrong: it may come in at most 5 of 100 runs. The last
rows have a truth that is well inside or well outside, and show what the same criterion can tell. Every decision is that
of :func:`gonogo.verdicts.judge.outcome_of`, on counts and means that are drawn for all runs at once.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gonogo.verdicts.evidence import Evidence, Mean, Proportion, Slice, Slices, Stability
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import outcome_of
from gonogo.verdicts.verdict import Outcome

BLOCKS, SIZE = 100, 30
"""A run of 3,000 pairs in a hundred time blocks."""
SLICES = 16
BINS = 10

Draw = Callable[[np.random.Generator, int], Iterator[Evidence]]


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table: a criterion, a truth, and how runs with that truth are drawn."""

    criterion: str
    truth: str
    draw: Draw


def agreement(share: float, *, cluster: int = 1) -> Draw:
    """Pairs agree with a chance of ``share``; disagreements come in clusters of ``cluster`` pairs."""

    def draw(random: np.random.Generator, runs: int) -> Iterator[Evidence]:
        trials = np.full(BLOCKS, SIZE, np.int64)
        hits = random.binomial(SIZE // cluster, share, (runs, BLOCKS)).astype(np.int64) * cluster
        yield from (Proportion(row, trials, "agreements") for row in hits)

    return draw


def variation(mean: float, *, concentration: float) -> Draw:
    """Distances of one in ten pairs are beta distributed, those of the others are 0; ``mean`` is that of all."""

    def draw(random: np.random.Generator, runs: int) -> Iterator[Evidence]:
        for _ in range(runs):
            apart = random.random(BLOCKS * SIZE) < 0.1
            share = mean / 0.1
            each = np.where(apart, random.beta(share * concentration, (1 - share) * concentration, apart.size), 0.0)
            values = each.reshape(BLOCKS, SIZE).mean(axis=1)
            block = np.repeat(np.arange(BLOCKS), SIZE)
            weights = np.full(BLOCKS, float(SIZE))
            yield Mean(
                values, weights, float(each.mean()), "share", each.size, "distance", each=each, block=block, most=1.0
            )

    return draw


def stability(target: float) -> Draw:
    """Histograms of pairs from two distributions whose index is exactly ``target``."""
    even = np.full(BINS, 1 / BINS)

    def index(tilt: float) -> tuple[float, npt.NDArray[np.float64]]:
        other = even * (1 + tilt * np.linspace(-1, 1, BINS))
        return float(((even - other) * np.log(even / other)).sum()), other

    low, high = 0.0, 0.999
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if index(middle)[0] < target else (low, middle)
    other = index(low)[1]

    def draw(random: np.random.Generator, runs: int) -> Iterator[Evidence]:
        live = random.multinomial(BLOCKS * SIZE, even, runs).astype(np.int64)
        shadow = random.multinomial(BLOCKS * SIZE, other / other.sum(), runs).astype(np.int64)
        yield from (Stability(a, e, "score") for a, e in zip(live, shadow, strict=True))

    return draw


def sliced(worst: float, others: float) -> Draw:
    """Sixteen slices of equal size, one with the share ``worst``."""

    def draw(random: np.random.Generator, runs: int) -> Iterator[Evidence]:
        shares = np.array([worst, *[others] * (SLICES - 1)])
        size = 4  # of each slice in each block
        hits = random.binomial(size, shares[None, :, None], (runs, SLICES, BLOCKS)).astype(np.int64)
        trials = np.full(BLOCKS, size, np.int64)
        for run in hits:
            named = (Slice(f"slice {number}", Proportion(row, trials, "agreements")) for number, row in enumerate(run))
            yield Slices(tuple(named), "agreements")

    return draw


CASES = (
    Case("parity.agreement >= 97%", "97 %, on the limit", agreement(0.97)),
    Case("parity.agreement >= 97%", "97 %, disagreements three at a time", agreement(0.97, cluster=3)),
    Case("parity.tv <= 5%", "5 %, on the limit", variation(0.05, concentration=4)),
    Case("parity.tv <= 5%", "5 %, a few large distances", variation(0.05, concentration=0.5)),
    Case("parity.psi[a] <= 0.1", "0.1, on the limit", stability(0.1)),
    Case("parity.worst >= 90%", "one of 16 slices at 90 %, 15 at 99 %", sliced(0.9, 0.99)),
    Case("parity.worst >= 90%", "all 16 slices at 90 %", sliced(0.9, 0.9)),
    Case("parity.agreement >= 97%", "99 %", agreement(0.99)),
    Case("parity.agreement >= 97%", "94 %", agreement(0.94)),
    Case("parity.tv <= 5%", "3 %", variation(0.03, concentration=4)),
    Case("parity.psi[a] <= 0.1", "0: the same distribution", stability(0.0)),
    Case("parity.psi[a] <= 0.1", "0.4", stability(0.4)),
    Case("parity.worst >= 90%", "all 16 slices at 99 %", sliced(0.99, 0.99)),
    Case("parity.worst >= 90%", "one of 16 slices at 75 %", sliced(0.75, 0.99)),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=1, help="row of the table to begin with")
    given = parser.parse_args()
    print(f"{given.runs:,} runs of {BLOCKS * SIZE:,} pairs each, seed {given.seed}\n")
    print("| criterion | truth | GO | INCONCLUSIVE | NO-GO |\n|---|---|---|---|---|")
    for number, case in enumerate(CASES[given.first - 1 :], start=given.first - 1):
        random = np.random.default_rng([given.seed, number])
        criterion = parse(case.criterion)
        found = Counter(outcome_of(criterion, evidence) for evidence in case.draw(random, given.runs))
        shares = " | ".join(
            f"{found[outcome] / given.runs:.2%}" for outcome in (Outcome.GO, Outcome.INCONCLUSIVE, Outcome.NO_GO)
        )
        print(f"| `{case.criterion}` | {case.truth} | {shares} |", flush=True)


if __name__ == "__main__":
    main()

"""Runs that are looked at while they go on, many at once.

What a look says is the verdicts' own business. Here it is only found out cheaply which looks can decide anything: a
bet that has not won enough with independent requests has not won enough with dependent ones either, so all other looks
are left out without changing any outcome. Blocks come from running sums, not from the requests themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from kinds import Kind
from processes import CAP, FloatArray

from gonogo.verdicts.betting import log_wealth_below, log_wealth_mean
from gonogo.verdicts.claims import one_sided
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import Evidence, Mean, Proportion, Signal
from gonogo.verdicts.judge import judge, outcome_of
from gonogo.verdicts.memory import nearness
from gonogo.verdicts.method import Method
from gonogo.verdicts.sequential import at_the_end
from gonogo.verdicts.verdict import Outcome

__all__ = ["Watched", "watch"]

BLOCKS = 200
_ENOUGH = np.log(20) - 1e-9
"""The bets of a look must have multiplied the stake by so much before anything can be decided."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of one run: the outcome, and after how many requests."""

    outcome: Outcome
    requests: int


def watch(
    kind: Kind, process: str, room: float, values: FloatArray, looks: list[int], earliest_go: int
) -> Iterator[Watched]:
    """Yield what comes of each run, looked at after each of ``looks`` requests and judged at its end.

    Args:
        kind: of the criterion.
        process: where the runs are from.
        room: see Kind.
        values: float64[runs, requests].
        looks: rising numbers of requests, the last of them all.
        earliest_go: no look before so many requests gives GO.
    """
    counted = kind.slow is not None
    criterion = kind.counted(process) if counted else kind.criterion(process, room)
    make = _counts if counted else _rate if kind.late is not None else _whole
    places = np.array(looks)
    for run in values:
        at = make(kind, process, room, run)
        worth = _worth(kind, criterion, process, room, run, places)
        found = Watched(Outcome.INCONCLUSIVE, len(run))
        for index in np.flatnonzero(worth):
            evidence = at(int(places[index]))
            outcome = outcome_of(criterion, evidence, method=Method.ANYTIME)
            if outcome is Outcome.NO_GO or (outcome is Outcome.GO and places[index] >= earliest_go):
                found = Watched(outcome, int(places[index]))
                break
        if found.outcome is Outcome.INCONCLUSIVE:
            found = Watched(_end(criterion, at(len(run))), len(run))
        yield found


def _end(criterion: Criterion, evidence: Evidence) -> Outcome:
    outcome = outcome_of(criterion, evidence, method=Method.ANYTIME)
    if outcome is not Outcome.INCONCLUSIVE or outcome_of(criterion, evidence) is not Outcome.NO_GO:
        return outcome
    looked = judge(criterion, evidence, method=Method.ANYTIME)
    return at_the_end(looked, judge(criterion, evidence)).outcome


def _edges(n: int) -> np.ndarray:
    count = min(BLOCKS, n)
    return -(-np.arange(count + 1) * n // count)


def _sums(column: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(column, dtype=np.float64)])


def _near(run: FloatArray, limit: float) -> Callable[[FloatArray], Signal]:
    """Return what gives, of blocks between edges, how near requests came to a limit."""
    scale = np.log(np.clip(run / limit, 1 / 6, 6.0))
    near, squares = _sums(scale), _sums(scale * scale)
    assert np.isclose(nearness(run, np.zeros(len(run), np.int64), limit).sums[0], near[-1])
    return lambda edges: Signal(np.diff(near[edges]), np.diff(edges).astype(np.float64), np.diff(squares[edges]))


def _counts(kind: Kind, process: str, room: float, run: FloatArray) -> Callable[[int], Evidence]:
    """Return what gives the evidence of the first n requests, for a kind that counts requests."""
    assert kind.slow is not None
    limit = kind.slow(process, room)
    late, near = _sums(run > limit), _near(run, limit)

    def at(n: int) -> Evidence:
        edges = _edges(n)
        hits, trials = np.diff(late[edges]).astype(np.int64), np.diff(edges).astype(np.int64)
        return Proportion(trials - hits if kind.good else hits, trials, "requests", near(edges))

    return at


def _rate(kind: Kind, process: str, room: float, run: FloatArray) -> Callable[[int], Evidence]:
    """Return the same for a rate of successes."""
    assert kind.late is not None
    limit = kind.late(process, room)
    good, near = (run <= limit).astype(np.float64), _near(run, limit)
    done = _sums(good)

    def at(n: int) -> Evidence:
        edges, count = _edges(n), min(BLOCKS, n)
        due = np.diff(edges).astype(np.float64)
        return Mean(
            values=np.diff(done[edges]) / due,
            weights=due,
            observed=float(done[n]) / n,
            unit="/s",
            n=n,
            noun="throughput",
            each=good[:n],
            block=np.arange(n, dtype=np.int64) * count // n,
            most=1.0,
            signal=near(edges),
        )

    return at


def _whole(kind: Kind, process: str, room: float, run: FloatArray) -> Callable[[int], Evidence]:
    def at(n: int) -> Evidence:
        count = min(BLOCKS, n)
        return kind.evidence(run[:n], np.arange(n, dtype=np.int64) * count // n, process, room)

    return at


def _worth(
    kind: Kind, criterion: Criterion, process: str, room: float, run: FloatArray, places: np.ndarray
) -> np.ndarray:
    """Return at which looks independent requests could decide."""
    shown, refuted = [], []
    for claim in one_sided(criterion.claim):
        if kind.slow is not None:
            late = _sums(run > kind.slow(process, room))[places]
            hits = places - late if kind.good else late
            below = log_wealth_below(hits, places - hits, claim.limit)
            above = log_wealth_below(places - hits, hits, 1 - claim.limit)
        else:
            each, most = (run, CAP) if kind.late is None else ((run <= kind.late(process, room)).astype(float), 1.0)
            below = log_wealth_mean((claim.limit - each) / (most - claim.limit), places)
            above = log_wealth_mean((each - claim.limit) / claim.limit, places)
        pair = (below, above) if claim.operator in ("<", "<=") else (above, below)
        shown.append(pair[0] >= _ENOUGH)
        refuted.append(pair[1] >= _ENOUGH)
    return np.asarray(np.logical_and.reduce(shown) | np.logical_or.reduce(refuted))

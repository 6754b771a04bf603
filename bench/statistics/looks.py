"""Runs that are looked at while they go on, many at once.

What a look says is the verdicts' own business. Here it is only found out cheaply, for all looks at once, which of them
can decide anything: a bet that has not won enough with requests that depend on each other as little as the service's
memory lets them has not won enough whatever else blocks show, so all other looks are left out without changing any
outcome. Blocks come from running sums, not from the requests themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from kinds import Kind
from processes import CAP, FloatArray
from scipy.special import gammaincinv

from gonogo.verdicts.betting import log_wealth_below, log_wealth_mean
from gonogo.verdicts.blocks import FEWEST_BLOCKS, enough_requests, least_effect
from gonogo.verdicts.claims import one_sided
from gonogo.verdicts.criterion import Comparison, Criterion
from gonogo.verdicts.evidence import Evidence, IntArray, Mean, Proportion, Signal
from gonogo.verdicts.judge import judge, outcome_of
from gonogo.verdicts.memory import nearness
from gonogo.verdicts.method import Method
from gonogo.verdicts.sequential import at_the_end
from gonogo.verdicts.verdict import Outcome

__all__ = ["Watched", "watch"]

BoolArray = npt.NDArray[np.bool_]
BLOCKS = 200
_CONFIDENCE = 0.95
_LONGEST_START = 5
_NOTHING = 1e-12
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
        worth = _worth(kind, criterion, process, room, run, places, earliest_go)
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


def _edges(n: int) -> IntArray:
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


@dataclass(frozen=True, slots=True)
class _Clear:
    """At which looks bets can show a claim, and at which they can refute it, as far as memory alone widens them."""

    shown: BoolArray
    refuted: BoolArray


def _worth(
    kind: Kind, criterion: Criterion, process: str, room: float, run: FloatArray, places: IntArray, earliest_go: int
) -> BoolArray:
    """Return which looks can decide anything."""
    clear = _counted if kind.slow is not None else _averaged
    sides = [clear(kind, claim, process, room, run, places) for claim in one_sided(criterion.claim)]
    shown = np.logical_and.reduce([side.shown for side in sides]) & (places >= earliest_go)
    return np.asarray(shown | np.logical_or.reduce([side.refuted for side in sides]))


def _counted(kind: Kind, claim: Comparison, process: str, room: float, run: FloatArray, places: IntArray) -> _Clear:
    assert kind.slow is not None
    limit = kind.slow(process, room)
    counts = _sums(~(run > limit) if kind.good else run > limit)
    hits = counts[places]
    shown, refuted = _bets(claim, hits, places - hits)
    left = np.flatnonzero(shown | refuted)
    if len(left):
        chosen = places[left]
        memory = _memories(np.log(np.clip(run / limit, 1 / 6, 6.0)), chosen)
        effect, enough = _widened(memory), chosen >= _enough(memory)
        still = _bets(claim, hits[left] / effect, (chosen - hits[left]) / effect)
        shown[left] &= enough & still[0]
        refuted[left] &= (enough & still[1]) | _sets_in(claim, counts, chosen)
    return _Clear(shown, refuted)


def _averaged(kind: Kind, claim: Comparison, process: str, room: float, run: FloatArray, places: IntArray) -> _Clear:
    each, most, signals = run, CAP, []
    if kind.late is not None:
        limit = kind.late(process, room)
        each, most = (run <= limit).astype(np.float64), 1.0
        signals.append(np.log(np.clip(run / limit, 1 / 6, 6.0)))
    signals += [np.log(np.clip(each / claim.limit, 1 / 6, 6.0)), each]
    memory = np.max([_memories(signal, places) for signal in signals], axis=0)
    effect = _widened(memory)
    below = log_wealth_mean((claim.limit - each) / (most - claim.limit), places, effect) >= _ENOUGH
    above = log_wealth_mean((each - claim.limit) / claim.limit, places, effect) >= _ENOUGH
    shown, refuted = (below, above) if claim.operator in ("<", "<=") else (above, below)
    return _Clear(shown, refuted & (places >= _enough(memory)))


def _bets(claim: Comparison, hits: FloatArray, misses: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Return at which looks bets show a claim about a share, and at which they refute it."""
    below = log_wealth_below(hits, misses, claim.limit) >= _ENOUGH
    above = log_wealth_below(misses, hits, 1 - claim.limit) >= _ENOUGH
    return (below, above) if claim.operator in ("<", "<=") else (above, below)


def _widened(memory: FloatArray) -> FloatArray:
    """Return the design effect that the memory alone makes, for a look; a hair less, as sums are rounded."""
    slope = Method.ANYTIME.widened(least_effect(2.0, _CONFIDENCE)) - 1
    return 1 + slope * (memory - 1) * (1 - 1e-9)


def _enough(memory: FloatArray) -> FloatArray:
    """Return how many requests a run needs for anything to be decided; one less, as sums are rounded."""
    least, more = enough_requests(1.0), enough_requests(2.0) - enough_requests(1.0)
    return least + more * (memory - 1) - 1


def _sets_in(claim: Comparison, counts: FloatArray, places: IntArray) -> BoolArray:
    """Return at which looks the claim was violated from one of the first six twentieths to the end."""
    edges = _all_edges(places)[:, :: BLOCKS // FEWEST_BLOCKS]
    shares = np.diff(counts[edges], axis=1) / np.diff(edges, axis=1)
    violated = shares > claim.limit if claim.operator in ("<", "<=") else shares < claim.limit
    return violated[:, _LONGEST_START:].all(axis=1)


def _all_edges(places: IntArray) -> IntArray:
    return -(-np.arange(BLOCKS + 1) * places[:, np.newaxis] // BLOCKS)


def _memories(signal: FloatArray, places: IntArray) -> FloatArray:
    """Return what gonogo.verdicts.memory.measure_memory returns, for each look; a test compares the two."""
    edges = _all_edges(places)
    sums, counts = np.diff(_sums(signal)[edges], axis=1), np.diff(edges, axis=1)
    mean = sums.sum(axis=1) / places
    variance = _sums(signal * signal)[places] / places - mean**2
    residuals = sums - counts * mean[:, np.newaxis]
    power = residuals * residuals
    squares = power.sum(axis=1)
    fourth = (power * power).sum(axis=1)
    flat = (variance <= _NOTHING) | (squares <= 0)
    residuals[flat], variance[flat], squares[flat], fourth[flat] = 1.0, 1.0, 1.0, 1.0
    spectrum = np.fft.rfft(residuals, 2 * BLOCKS, axis=1)
    correlation = (
        np.fft.irfft(spectrum.real**2 + spectrum.imag**2, 2 * BLOCKS, axis=1)[:, :BLOCKS] / squares[:, np.newaxis]
    )
    pairs = np.minimum.accumulate(correlation.reshape(len(places), -1, 2).sum(axis=2), axis=1)
    found = np.maximum(1.0, 2 * np.where(pairs > 0, pairs, 0.0).sum(axis=1) - 1)
    between = found / np.maximum(0.5, 1 - (found - 1) / BLOCKS)
    memory = np.maximum(1.0, squares / (places * variance) * between)
    clusters = squares * squares / fourth
    doubt = Method.ANYTIME.memory_doubt
    assert doubt is not None
    return np.where(flat, 1.0, 1 + (memory - 1) * clusters / gammaincinv(clusters, doubt))

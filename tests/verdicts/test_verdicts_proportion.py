"""Verdicts on shares of requests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import MeasurementError
from gonogo.verdicts.criterion import Comparison
from gonogo.verdicts.evidence import Proportion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge
from gonogo.verdicts.verdict import Outcome, Verdict


def _spread(hits: int, n: int, noun: str = "errors") -> Proportion:
    """Return ``hits`` of ``n`` requests, evenly over at most 200 blocks."""
    blocks = min(200, n)
    per_block = np.diff(np.arange(blocks + 1) * hits // blocks)
    return Proportion(per_block, np.diff(np.arange(blocks + 1) * n // blocks), noun)


def _judged(text: str, hits: int, n: int, noun: str = "errors") -> Verdict:
    return judge(parse(text), _spread(hits, n, noun))


@pytest.mark.parametrize(
    ("text", "hits", "n", "outcome"),
    [
        ("errors <= 1%", 0, 298, Outcome.INCONCLUSIVE),
        ("errors <= 1%", 0, 299, Outcome.GO),
        ("errors <= 1%", 1, 472, Outcome.INCONCLUSIVE),
        ("errors <= 1%", 1, 473, Outcome.GO),
        ("errors < 1%", 0, 299, Outcome.GO),
        ("errors <= 1%", 10, 1000, Outcome.INCONCLUSIVE),
        ("errors <= 1%", 100, 1000, Outcome.NO_GO),
        ("success >= 99%", 299, 299, Outcome.GO),
        ("success >= 99%", 298, 298, Outcome.INCONCLUSIVE),
        ("success >= 99%", 0, 10, Outcome.NO_GO),
        ("success > 50%", 900, 1000, Outcome.GO),
        ("status[503] between 10% and 30%", 200, 1000, Outcome.GO),
        ("status[503] between 10% and 30%", 290, 1000, Outcome.INCONCLUSIVE),
        ("status[503] between 10% and 30%", 400, 1000, Outcome.NO_GO),
        ("status[503] between 10% and 30%", 10, 1000, Outcome.NO_GO),
        ("success == 100%", 50, 50, Outcome.GO),
        ("success >= 100%", 49, 50, Outcome.NO_GO),
        ("success != 100%", 49, 50, Outcome.GO),
        ("status[503] == 0%", 0, 50, Outcome.GO),
        ("status[503] <= 0%", 1, 50, Outcome.NO_GO),
        ("status[503] > 0%", 1, 50, Outcome.GO),
    ],
)
def test_outcome(text: str, hits: int, n: int, outcome: Outcome) -> None:
    """The outcome follows the exact bound, and for claims of all or none the plain figure."""
    assert _judged(text, hits, n).outcome is outcome


def test_fewer_than_twenty_requests_are_never_go() -> None:
    """Nineteen successes do not show 80 %, though the exact bound alone would."""
    verdict = _judged("success >= 80%", 19, 19)
    assert (verdict.outcome, verdict.needed) == (Outcome.INCONCLUSIVE, 20)


def test_no_request_is_no_data() -> None:
    """Without a request there is nothing to judge."""
    empty = np.zeros(0, np.int64)
    verdict = judge(parse("success >= 99%"), Proportion(empty, empty, "successes"))
    assert (verdict.outcome, math.isnan(verdict.observed), verdict.n) == (Outcome.INCONCLUSIVE, True, 0)


def test_reason_says_how_many_more_would_decide() -> None:
    """An undecided clean run says how many more clean requests it needs."""
    assert _judged("errors <= 0.1%", 0, 1000).reason == (
        "Errors are 0 % of 1,000 requests due (0 of them; 95 % sure: at most 0.3 %), limit 0.1 %; "
        "1,995 more requests without a single exception would decide."
    )


def test_reason_of_no_go_gives_the_excluding_bound() -> None:
    """A NO-GO says how bad it is at least."""
    assert _judged("success >= 99.9%", 29028, 60000, "successes").reason == (
        "Successes are 48.38 % of 60,000 requests due (29,028 of them; 95 % sure: at most 48.72 %), limit 99.9 %."
    )


def test_fact_names_the_rate_that_it_rules_out() -> None:
    """None of 1,000 rules out three in 1,000."""
    assert "0.3 % or more in the long run is ruled out" in _judged("status[503] == 0%", 0, 1000).reason


def test_fact_is_exact() -> None:
    """A claim of all or none is compared without any doubt."""
    verdict = _judged("success == 100%", 1000, 1000)
    assert (verdict.confidence, verdict.low, verdict.high) == (1.0, 1.0, 1.0)


def test_observed_at_the_limit_is_never_decided() -> None:
    """At the limit itself no number of requests can be named."""
    verdict = _judged("errors <= 1%", 10, 1000)
    assert (verdict.needed, "too near the limit" in verdict.reason) == (None, True)


def test_clustered_failures_are_not_go() -> None:
    """The same failures that pass when they are spread do not when they come in one burst."""
    hits = np.zeros(200, np.int64)
    hits[90:92] = 20
    clustered = Proportion(hits, np.full(200, 50), "errors")
    outcomes = [judge(parse("errors <= 1%"), evidence).outcome for evidence in (_spread(40, 10000), clustered)]
    assert outcomes == [Outcome.GO, Outcome.INCONCLUSIVE]


def test_outage_to_the_end_is_no_go() -> None:
    """A service that dies in the middle is NO-GO, though its failures are one event."""
    trials = np.full(200, 50)
    dying = Proportion(np.where(np.arange(200) < 100, 0, trials), trials, "errors")
    assert judge(parse("errors <= 1%"), dying).outcome is Outcome.NO_GO


def test_violation_in_every_block_is_no_go() -> None:
    """An overload that grows all the time is NO-GO: the claim is violated in every stretch of the run."""
    growing = Proportion(np.linspace(6, 50, 200).astype(np.int64), np.full(200, 50), "errors")
    verdict = judge(parse("errors <= 10%"), growing)
    assert verdict.outcome is Outcome.NO_GO


def test_dependence_without_violation_forbids_go() -> None:
    """Failures that come and go with the run's halves are not GO, even where the bound would allow it."""
    trials = np.full(200, 50)
    halves = Proportion(np.where(np.arange(200) < 100, 0, 3), trials, "errors")
    verdict = judge(parse("errors <= 50%"), halves)
    assert (verdict.outcome, "depend on each other" in verdict.reason) == (Outcome.INCONCLUSIVE, True)


def test_impossible_counts_are_refused() -> None:
    """More hits than trials is a fault of the measure and no evidence."""
    with pytest.raises(MeasurementError, match="more hits than trials"):
        Proportion(np.array([2]), np.array([1]), "errors")


_BLOCKS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), min_size=1, max_size=220)


def _evidence(blocks: list[tuple[int, int]]) -> Proportion:
    trials = np.array([each for _, each in blocks])
    return Proportion(np.minimum([hits for hits, _ in blocks], trials).astype(np.int64), trials, "errors")


@given(_BLOCKS, st.sampled_from([0.01, 0.1, 0.5, 0.9]))
def test_go_means_observed_within_the_limit(blocks: list[tuple[int, int]], limit: float) -> None:
    """GO is never given to a figure beyond the limit, nor NO-GO to one within it."""
    verdict = judge(parse(f"errors <= {limit!r}"), _evidence(blocks))
    within = verdict.observed <= limit
    assert verdict.outcome is (Outcome.GO if within else Outcome.NO_GO) or verdict.outcome is Outcome.INCONCLUSIVE


@given(_BLOCKS, st.data())
def test_more_failures_never_turn_no_go_into_go(blocks: list[tuple[int, int]], data: st.DataObject) -> None:
    """Wherever further failures fall, what was NO-GO does not become GO."""
    before = _evidence(blocks)
    room = before.trials - before.hits
    further = np.array([data.draw(st.integers(0, int(free))) for free in room[:10]] + [0] * max(0, len(room) - 10))
    after = Proportion(before.hits + further, before.trials, "errors")
    criterion = parse("errors <= 20%")
    outcomes = judge(criterion, before).outcome, judge(criterion, after).outcome
    assert outcomes != (Outcome.NO_GO, Outcome.GO)


@given(_BLOCKS)
def test_interval_holds_the_observed_share(blocks: list[tuple[int, int]]) -> None:
    """The observed share lies within its own bounds."""
    verdict = judge(parse("errors <= 20%"), _evidence(blocks))
    assert verdict.low <= verdict.observed <= verdict.high


@given(_BLOCKS, st.sampled_from(["<=", "<", ">=", ">"]))
def test_needed_is_more_than_there_was(blocks: list[tuple[int, int]], operator: str) -> None:
    """What would decide is more than what did not; a decided verdict needs nothing."""
    verdict = judge(parse(f"errors {operator} 20%"), _evidence(blocks))
    if verdict.outcome is Outcome.INCONCLUSIVE:
        assert verdict.needed is None or verdict.needed > verdict.n
    else:
        assert verdict.needed is None


def test_between_is_held_against_the_nearer_limit() -> None:
    """Of two limits the verdict names the one that the figure is nearer to."""
    assert _judged("status[503] between 10% and 30%", 120, 1000).limit == 0.1


def test_comparison_needs_a_finite_limit() -> None:
    """A limit that is no number is refused before anything is judged."""
    with pytest.raises(Exception, match="is no limit"):
        Comparison("<=", math.nan)

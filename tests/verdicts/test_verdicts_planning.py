"""Requests needed and the chance of GO, before one is sent."""

from __future__ import annotations

import numpy as np
import pytest

from gonogo.errors import UsageError
from gonogo.verdicts.evidence import Proportion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge
from gonogo.verdicts.method import Method
from gonogo.verdicts.planning import Need, chance, plan, requests_for, why_unplanned
from gonogo.verdicts.verdict import Outcome


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("p95 <= 1s", Need(59, 93)),
        ("p99 <= 1s", Need(299, 473)),
        ("success >= 99%", Need(299, 473)),
        ("errors <= 1%", Need(299, 473)),
        ("p99.9 <= 1s", Need(2995, 4742)),
        ("p99 <= 1s at 99%", Need(459, 662)),
        ("p50 <= 1s", Need(20, 20)),
        ("p99 between 1ms and 1s", Need(299, 473)),
        ("status[503] between 0% and 1%", Need(299, 473)),
        ("success between 99% and 100%", Need(299, 473)),
        ("requests >= 1000", Need(1000, 1000)),
    ],
)
def test_need(text: str, need: Need) -> None:
    """The need is what the exact bound asks for, and at least as many requests as there must be blocks."""
    assert plan(parse(text)) == need


@pytest.mark.parametrize("text", ["errors <= 1%", "success >= 98%", "errors <= 10% at 99%"])
def test_need_is_exact(text: str) -> None:
    """With as many requests as planned and one failure the verdict is GO, with one request fewer it is not."""
    criterion = parse(text)
    need = plan(criterion)
    assert need is not None
    outcomes = []
    for n in (need.with_one_failure, need.with_one_failure - 1):
        bad = np.zeros(n, np.int64)
        bad[n // 2] = 1
        hits = 1 - bad if criterion.measure.name == "success" else bad
        outcomes.append(judge(criterion, Proportion(hits, np.ones(n, np.int64), "x")).outcome)
    assert outcomes == [Outcome.GO, Outcome.INCONCLUSIVE]


def test_range_needs_room_on_both_sides() -> None:
    """A range is planned from its middle: so many requests show it there, fewer do not."""
    criterion = parse("status[503] between 10% and 30%")
    need = plan(criterion)
    assert need is not None
    outcomes = []
    for n in (need.without_failure, need.without_failure - 10):
        hits = np.diff(np.arange(21) * round(0.2 * n) // 20)
        outcomes.append(judge(criterion, Proportion(hits, np.diff(np.arange(21) * n // 20), "x")).outcome)
    assert outcomes == [Outcome.GO, Outcome.INCONCLUSIVE]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mean < 1s", "how much its blocks differ"),
        ("throughput >= 1/s", "how much its blocks differ"),
        ("success == 100%", "is a fact"),
        ("max < 1s", "is a fact"),
        ("errors <= 0.0000000001%", "No number of requests"),
        ("p99 < 1s", ""),
    ],
)
def test_says_why_it_cannot_be_planned(text: str, why: str) -> None:
    """What has no number of requests beforehand says why."""
    criterion = parse(text)
    assert (why in why_unplanned(criterion), plan(criterion) is None) == (True, bool(why))


def test_chance_falls_as_the_margin_is_used_up() -> None:
    """The nearer the truth to the limit, the smaller the chance of GO; at the limit it is the stated error."""
    chances = [chance(parse("p99 <= 1s"), 2000, used) for used in (0, 0.5, 0.9, 1)]
    assert chances[0] == 1.0
    assert chances == sorted(chances, key=lambda value: -(value or 0))
    assert chances[-1] == pytest.approx(0.05, abs=0.02)


def test_chance_of_a_range_counts_from_its_middle() -> None:
    """For a range the truth moves from the middle to the end."""
    chances = [chance(parse("status[503] between 10% and 30%"), 500, used) or 0 for used in (0, 0.5, 1)]
    assert chances[0] > 0.99 > chances[1] > chances[2]
    assert chances[2] <= 0.05


def test_too_few_requests_have_no_chance() -> None:
    """Fewer requests than blocks are never GO."""
    assert chance(parse("p50 <= 1s"), 19, 0.1) == 0.0


def test_no_chance_without_a_plan() -> None:
    """What cannot be planned has no chance to name."""
    assert chance(parse("mean < 1s"), 1000, 0.5) is None


def test_chance_of_nonsense_is_refused() -> None:
    """Less than one request and more than the whole margin are usage errors."""
    with pytest.raises(UsageError):
        chance(parse("p99 <= 1s"), 0, 0.5)


def test_largest_need_counts() -> None:
    """A run needs what the most demanding of its criteria needs, and never less than twenty requests."""
    criteria = [parse(text) for text in ("p99 <= 1s", "success >= 99.9%", "mean < 1s")]
    assert (requests_for(criteria), requests_for(criteria, 0), requests_for([])) == (4742, 2995, 20)


@pytest.mark.parametrize(("text", "none", "one"), [("p95 <= 1s", 71, 131), ("p99 <= 1s", 361, 665)])
def test_a_run_that_may_stop_needs_more(text: str, none: int, one: int) -> None:
    """Bounds that hold at every look are wider than those of a length that was set before."""
    need = plan(parse(text), Method.ANYTIME)
    assert need is not None
    assert (need.without_failure, need.with_one_failure) == (none, one)


@pytest.mark.parametrize(("truth", "allowed"), [(0.002, 0.01), (0.05, 0.01)], ids=["good", "bad"])
def test_what_would_decide_is_told_for_the_bounds_that_judge(truth: float, allowed: float) -> None:
    """So many requests decide in nine of ten simulated runs, by the bets as by the exact bounds.

    Of 400 runs with a chance of 90 %, fewer than 340 decide with a chance of 0.1 %: binomcdf(339; 400, 0.9) = 0.0008.
    """
    rng = np.random.default_rng(5)
    for method in Method:
        n = method.requests_to_decide(truth, allowed, 0.95)
        assert n is not None
        hits = rng.binomial(n, truth, size=400)
        p = [
            method.p_below(h, n, allowed) if truth < allowed else method.against(method.p_above(h, n, allowed))
            for h in hits
        ]
        assert sum(one <= 0.05 for one in p) >= 340

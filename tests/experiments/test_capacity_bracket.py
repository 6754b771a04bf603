"""The search for the highest rate that holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import UsageError
from gonogo.experiments.capacity.bracket import Bracket
from gonogo.experiments.capacity.in_flight import in_flight
from gonogo.experiments.capacity.knee import knee
from gonogo.runs.run import Columns


def _search(bracket: Bracket, capacity: float) -> tuple[Bracket, list[float]]:
    tried = []
    while (rate := bracket.next_rate) is not None:
        tried.append(rate)
        bracket = bracket.told(rate, held=rate <= capacity)
    return bracket, tried


@given(capacity=st.floats(1, 20_000), start=st.floats(1, 500), precision=st.sampled_from([0.02, 0.1, 0.5]))
def test_a_search_ends_at_the_capacity(capacity: float, start: float, precision: float) -> None:
    """Whatever the capacity, few rates are tried, and the one that is found is at most the precision below it."""
    bracket, tried = _search(Bracket(start, 10_000, precision), capacity)
    assert len(tried) < 25
    if bracket.held is None:
        assert capacity < start / 30
    else:
        assert bracket.held <= capacity
        assert bracket.held == 10_000 or capacity < bracket.held * (1 + precision) * 1.01


def test_rates_double_until_one_does_not_hold() -> None:
    """Then the ratio between the two is halved."""
    bracket, tried = _search(Bracket(50, 10_000, 0.2), 300)
    assert tried == [50, 100, 200, 400, 283, 336]
    assert (bracket.held, bracket.broken) == (283, 336)


def test_the_most_is_the_last() -> None:
    """A service that holds every rate has at least that capacity."""
    bracket, tried = _search(Bracket(400, 1000, 0.1), 1e9)
    assert tried == [400, 800, 1000]
    assert (bracket.held, bracket.broken) == (1000, None)


def test_a_rate_that_no_longer_holds_takes_those_above_with_it() -> None:
    """After an overload the search goes on below."""
    bracket = Bracket(50, 1000, 0.1, held=200, broken=220).told(200, held=False)
    assert (bracket.held, bracket.broken) == (None, 200)
    assert bracket.next_rate == 100


@pytest.mark.parametrize(("start", "most", "precision"), [(0, 10, 0.1), (20, 10, 0.1), (1, 10, 0), (1, 10, 2)])
def test_a_search_that_cannot_be_made_is_refused(start: float, most: float, precision: float) -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError):
        Bracket(start, most, precision)


def _columns(sent: list[float], done: list[float]) -> Columns:
    count = len(sent)
    whole, none = np.zeros(count, np.int64), np.zeros(count, np.int32)
    return Columns(
        due_s=np.array(sent),
        queued_s=np.zeros(count),
        sent_s=np.array(sent),
        first_byte_s=np.array(done),
        done_s=np.array(done),
        status=np.full(count, 200, np.int16),
        error=np.zeros(count, np.int8),
        success=np.ones(count, bool),
        bytes_in=whole,
        bytes_out=whole,
        connection=none,
        target=none.astype(np.int16),
    )


def test_requests_at_once_are_weighed_by_time() -> None:
    """One request for nine seconds and a second one beside it for one: two at once for a tenth of the time."""
    columns = _columns([0.0, 4.0], [10.0, 5.0])
    assert [in_flight(columns, level) for level in (0.5, 0.85, 0.95)] == [1, 1, 2]


def test_little_s_law_holds_for_the_mean() -> None:
    """100 requests a second that take 50 ms each are five at once."""
    sent = [n / 100 for n in range(1000)]
    assert in_flight(_columns(sent, [t + 0.0499 for t in sent]), 0.5) == 5


def test_a_run_without_an_answer_has_nothing_on_its_way_that_is_known() -> None:
    """NaN, not 0."""
    assert np.isnan(in_flight(_columns([], []), 0.5))


def test_the_knee_lies_where_latency_begins_to_rise() -> None:
    """A flat curve that turns up has its knee at the turn."""
    assert knee([(100, 0.01), (200, 0.011), (400, 0.013), (450, 0.2), (480, 1.0)]) == (400, 0.013)


@pytest.mark.parametrize("points", [[], [(1, 1), (2, 2)], [(1, 3), (2, 2), (3, 1)], [(1, 1), (2, 2), (3, 3)]])
def test_a_curve_without_a_knee_has_none(points: list[tuple[float, float]]) -> None:
    """Too few points, a curve that falls, a straight line."""
    assert knee(points) is None

"""What must hold when the recommended limits act under an overload, and for how long that is looked at."""

from __future__ import annotations

import pytest

from gonogo.experiments.capacity.advice import Limits
from gonogo.experiments.capacity.verification import criteria_under_overload, seconds_under_overload
from gonogo.verdicts.grammar import parse


def under_overload(*criteria: str, capacity: float = 200.0) -> list[str]:
    """Return the criteria as texts."""
    return [one.text for one in criteria_under_overload([*map(parse, criteria)], capacity)]


def test_the_errors_the_latency_and_the_goodput_are_judged() -> None:
    """All errors are the breaker's, admitted requests keep the limit, and 90 % of the capacity are served."""
    assert under_overload("success >= 99%", "p99 <= 250ms") == [
        "breaker.only_breaker_errors == 100%",
        "admitted.p99 <= 250ms",
        "goodput >= 180/s",
    ]


@pytest.mark.parametrize(
    ("asked", "judged"),
    [
        ("p90 <= 50ms", "admitted.p90 <= 50ms"),
        ("answered.p50 < 1s", "admitted.p50 < 1s"),
        ("p99[GET /] <= 50ms", "admitted.p99[GET /] <= 50ms"),
        ("p99 <= 50ms at 99%", "admitted.p99 <= 50ms at 99%"),
    ],
)
def test_the_latency_is_the_one_that_was_asked_for(asked: str, judged: str) -> None:
    """The same percentile, limit and confidence, of the requests that were let through."""
    assert under_overload(asked)[1] == judged


@pytest.mark.parametrize("asked", ["success >= 99%", "throughput >= 10/s", "queued.p99 <= 5ms"])
def test_what_is_no_latency_of_requests_is_not_asked_of_the_admitted(asked: str) -> None:
    """Shares and rates fall under an overload, which is what the breaker is for."""
    assert len(under_overload(asked)) == 2


def test_it_lasts_as_long_as_the_criteria_need() -> None:
    """p99 needs 473 requests with one failure; at 20/s that are more than 10 s, and never more than a minute."""
    wanted = criteria_under_overload([parse("p99 <= 1s")], 20.0)
    assert (seconds_under_overload(wanted, 1000.0), seconds_under_overload(wanted, 1.0)) == (10.0, 60.0)
    assert 20 < seconds_under_overload(wanted, 20.0) < 40


def test_a_proxy_without_a_queue_lets_through_what_would_wait() -> None:
    """As the directives for Nginx say it."""
    assert Limits(10, 4).without_queue() == Limits(14, 4)

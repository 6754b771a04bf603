"""Extent: a run is as long as its criteria need, and says beforehand what they need."""

import pytest

from gonogo.load.target import Target
from gonogo.suite.extent import extent
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.grammar import parse

TARGET = Target("GET", "http://127.0.0.1/a")
OTHER = Target("GET", "http://127.0.0.1/b", weight=9.0)
P99 = parse("p99 <= 50ms")
SUCCESS = parse("success >= 99.9%")


@pytest.mark.parametrize(
    ("declared_s", "rate", "criteria", "profile", "duration_s"),
    [
        (60.0, 100.0, [P99], "full", 60.0),
        (60.0, 1000.0, [P99, SUCCESS], "ci", 10.0),
        (60.0, 100.0, [P99, SUCCESS], "ci", 47.42),
        (60.0, 10.0, [SUCCESS], "ci", 60.0),
        (5.0, 1000.0, [P99], "ci", 5.0),
        (None, 100.0, [P99, SUCCESS], "full", 47.42),
        (None, 1.0, [P99, SUCCESS], "full", 60.0),
        (None, 100.0, [], "full", 10.0),
        (None, None, [P99], "full", 10.0),
    ],
)
def test_the_length_follows_from_what_is_asked_and_what_is_needed(
    declared_s: float | None, rate: float | None, criteria: list[Criterion], profile: str, duration_s: float
) -> None:
    """The full profile takes what is asked, ci what is needed; nobody waits more than 60 s unasked."""
    chosen = extent(declared_s, rate, criteria, (TARGET,), short=profile == "ci")
    assert chosen.duration_s == pytest.approx(duration_s)


def test_a_criterion_on_one_target_needs_requests_of_that_target() -> None:
    """With a tenth of the traffic, a target's criterion needs ten times the requests."""
    alone = extent(None, 1000.0, (parse("p99[GET /a] <= 50ms"),), (TARGET,), short=False)
    mixed = extent(None, 40.0, (parse("p99[GET /a] <= 50ms"),), (TARGET, OTHER), short=False)
    assert alone.duration_s == pytest.approx(10.0)
    assert mixed.duration_s == 60.0


def test_too_few_requests_are_said_before_they_are_sent() -> None:
    """A run that cannot decide a criterion says so beforehand."""
    chosen = extent(1.0, 100.0, (P99,), (TARGET,), short=False)
    assert chosen.lines[0] == "100/s for 1 s, 100 requests"
    assert "100 cannot decide it" in chosen.lines[1]


def test_the_chance_of_go_is_told_for_half_nine_tenths_and_all_of_the_margin() -> None:
    """At the limit itself the chance of GO is at most the stated error of 5 %."""
    line = extent(60.0, 1000.0, (P99,), (TARGET,), short=False).lines[1]
    half, nine, full = (float(part.split()[0]) for part in line.partition("used up: ")[2].split(" / "))
    assert half > nine > full
    assert full <= 5.0

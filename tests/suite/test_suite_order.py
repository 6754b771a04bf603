"""Order: what a suite asks for is read, or refused, before anything is sent."""

import pytest

from gonogo import latency, ms, percent, success
from gonogo.errors import UsageError
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.suite.order import LoadOptions, Order, order, tightest_limit_s
from gonogo.verdicts.grammar import parse

TARGETS = (Target("GET", "http://127.0.0.1/"),)


def _order(options: LoadOptions) -> Order:
    return order(TARGETS, options, name="here", short=False, cores=())


@pytest.mark.parametrize(
    ("criteria", "limit_s"),
    [
        (["p99 <= 50ms", "p50 <= 10ms", "success >= 99%"], 0.01),
        (["p99 between 10ms and 20ms"], 0.01),
        (["success >= 99%"], 10.0),
        (["p99 <= 30s", "success >= 99%"], 10.0),
        ([], None),
    ],
)
def test_the_generator_is_held_against_the_tightest_limit(criteria: list[str], limit_s: float | None) -> None:
    """The smallest latency limit counts; a share's limit is the timeout; without criteria there is none."""
    assert tightest_limit_s([parse(text) for text in criteria], 10.0) == limit_s


def test_a_rate_of_max_is_a_closed_loop() -> None:
    """``max`` has no schedule."""
    assert _order({"rate": "max"}).plan.rate is None


def test_a_criterion_is_text_or_an_expression() -> None:
    """Both ways of writing give the same order."""
    text = _order({"rate": 100, "require": ["p99 <= 50ms", "success >= 99.9%"]})
    assert _order({"rate": 100, "require": [latency.p99 <= 50 * ms, success >= 99.9 * percent]}) == text


def test_a_ramp_lasts_as_long_as_its_stages() -> None:
    """Stages with durations give the run its length; the plan keeps the profile."""
    plan = _order({"rate": "100 for 10s, 500 for 5s"}).plan
    assert plan.duration_s == 15.0
    assert isinstance(plan, LoadPlan)
    assert plan.mean_rate == pytest.approx(3500 / 15)


def test_text_and_numbers_mean_the_same() -> None:
    """Durations and rates are text or seconds and requests per second."""
    text = _order({"rate": "6000/min", "duration": "2s", "warmup": "500ms", "timeout": "1s", "require": "p99 < 1s"})
    numbers = _order({"rate": 100, "duration": 2, "warmup": 0.5, "timeout": 1.0, "require": ["p99 < 1s"]})
    assert text == numbers


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rate": 0},
        {"rate": 10, "duration": 0},
        {"rate": 10, "connections": 0},
        {"rate": 10, "arrivals": "bursty"},
        {"rate": 10, "require": "p99 <"},
        {"rate": 10, "warmup": "-1s"},
    ],
)
def test_what_cannot_be_used_is_refused(options: LoadOptions) -> None:
    """Every wrong option is a usage error, raised before a folder is made or a request is sent."""
    with pytest.raises(UsageError):
        _order(options)


@pytest.mark.parametrize(
    ("options", "may_stop"),
    [
        ({}, True),
        ({"arrivals": "poisson"}, True),
        ({"stop_when_decided": False}, False),
        ({"duration": "10s"}, False),
        ({"rate": 20}, False),
        ({"rate": "max"}, False),
        ({"rate": "100..1000"}, False),
        ({"repeats": 5}, False),
        ({"require": ["p99 <= 50ms", "max <= 1s"]}, False),
        ({"require": "success == 100%"}, False),
        ({"require": []}, False),
    ],
    ids=str,
)
def test_a_load_may_stop_where_that_can_help(options: LoadOptions, *, may_stop: bool) -> None:
    """At one rate, long enough for wider bounds, and with nothing to decide that its end alone can tell."""
    usual: LoadOptions = {"rate": 1000, "duration": "60s", "require": ["p99 <= 50ms", "success >= 99.9%"]}
    assert _order({**usual, **options}).may_stop is may_stop


def test_a_load_that_is_acted_on_stops_only_when_asked() -> None:
    """What a block does to the stack shall be seen, unless the options say that the load may end."""
    usual: LoadOptions = {"rate": 1000, "duration": "60s", "require": "p99 <= 50ms"}
    asked: LoadOptions = {"rate": 1000, "duration": "60s", "require": "p99 <= 50ms", "stop_when_decided": True}
    orders = [
        order(TARGETS, one, name="here", short=False, cores=(), stop_when_decided=False) for one in (usual, asked)
    ]
    assert [one.may_stop for one in orders] == [False, True]


def test_what_a_load_that_may_stop_needs_is_said_beforehand() -> None:
    """The wider bounds are in the plan, and that it may end sooner is in its first line."""
    lines = _order({"rate": 1000, "duration": "60s", "require": "p99 <= 50ms"}).lines
    assert "ends as soon as its criteria are decided, for GO after 5.5 s at the earliest" in lines[0]
    assert "needs 361 requests, 665 if one of them fails" in lines[1]

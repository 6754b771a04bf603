"""Rates that change: how they are written, and that due times follow from the area under them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from gonogo.errors import GonogoError, UsageError
from gonogo.load.plan import LoadPlan
from gonogo.load.profile import Profile, Stage, parse_load_rate, ramp, steps
from gonogo.load.schedule import Changing, Constant
from gonogo.load.target import Target
from tests.load.harness import Drive, Server

_RATES = st.floats(0, 2_000).map(lambda rate: 0.0 if rate < 0.1 else rate)
_STAGES = st.builds(Stage, _RATES, _RATES, st.floats(0.01, 2))
_PROFILES = (
    st.lists(_STAGES, min_size=1, max_size=5)
    .filter(lambda stages: any(stage.begin or stage.end for stage in stages))
    .map(lambda stages: Profile(tuple(stages)))
)


def _area_until(profile: Profile, moment: float) -> float:
    """The area under the rate, by numerical integration of each stage."""
    area, begun = 0.0, 0.0
    for stage in profile.stages:
        assert stage.duration_s is not None
        begin, slope, length = stage.begin, (stage.end - stage.begin) / stage.duration_s, stage.duration_s
        upto = min(max(moment - begun, 0.0), length)
        area += quad(lambda t, begin=begin, slope=slope: begin + slope * t, 0, upto)[0]
        begun += length
    return area


@given(profile=_PROFILES)
def test_each_request_is_due_when_the_area_says_so(profile: Profile) -> None:
    """At the due time of request i, the integral of the rate is i."""
    duration_s = profile.duration_s or 0.0
    due = list(Changing(profile, duration_s).due_times())
    for request in {0, len(due) // 3, len(due) // 2, len(due) - 1}:
        assert _area_until(profile, due[request]) == pytest.approx(request, abs=1e-6, rel=1e-9)


@given(profile=_PROFILES)
def test_as_many_requests_as_the_area_has(profile: Profile) -> None:
    """Their number is the area, rounded, and they are due in order and within the duration."""
    duration_s = profile.duration_s or 0.0
    changing = Changing(profile, duration_s)
    due = list(changing.due_times())
    assert len(due) == changing.most == max(1, round(profile.requests(duration_s)))
    assert due == sorted(due)
    assert due[0] >= 0
    assert due[-1] <= duration_s * (1 + 1e-9)


@given(rate=st.floats(1, 2_000), duration_s=st.floats(0.1, 2))
def test_a_ramp_between_equal_rates_is_constant(rate: float, duration_s: float) -> None:
    """It gives the due times of the constant schedule."""
    constant = list(Constant(rate, duration_s).due_times())
    assert list(Changing(ramp(rate, rate), duration_s).due_times()) == pytest.approx(constant, abs=1e-9)


def test_steps_change_at_their_time() -> None:
    """Two per second for 2 s, a pause of 1 s, then one per second: nobody is due in the pause, nor at its begin."""
    due = list(Changing(steps([(2, "2s"), (0, "1s"), (1, "2s")]), 5).due_times())
    assert due == [0, 0.5, 1, 1.5, 3, 4]


def test_a_ramp_from_zero() -> None:
    """From 0 to 900/s in one second the area up to t is 450 t²: request i is due at the root of i / 450."""
    due = list(Changing(ramp(0, 900), 1).due_times())
    assert due == pytest.approx([math.sqrt(request / 450) for request in range(450)])


def test_the_warm_up_goes_at_the_first_rate() -> None:
    """Before a ramp from 100/s, half a second of warm-up has 50 requests, evenly spaced, the last before 0."""
    due = np.array(list(Changing(ramp(100, 200), 1, warmup_s=0.5).due_times()))
    assert np.count_nonzero(due < 0) == 50
    assert np.diff(due[:51]) == pytest.approx(0.01)


def test_poisson_arrivals_follow_the_rate() -> None:
    """Of a ramp from 0 to 20,000/s, each tenth of the time has its share of the 10,000 Poisson arrivals.

    Ten counts within 5 standard deviations of their means: by the normal law that fails for one seed in 170,000.
    """
    due = np.array(list(Changing(ramp(0, 20_000), 1, arrivals="poisson", seed=3).due_times()))
    counts, edges = np.histogram(due, bins=10, range=(0, 1))
    means = 10_000 * (edges[1:] ** 2 - edges[:-1] ** 2)
    assert np.all(np.abs(counts - means) < 5 * np.sqrt(means))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("100", 100.0),
        (" 6000/min ", 100.0),
        (250, 250.0),
        ("max", None),
        ("100..1000", ramp(100, 1000)),
        ("0 .. 60/min", ramp(0, 1)),
        ("100 for 10s, 500 for 1m30s", steps([(100, "10s"), (500, 90)])),
        ("0..50 for 1s, 50 for 2s, 50..0 for 1s", ramp(0, 50, 1) + steps([(50, 2)]) + ramp(50, 0, 1)),
    ],
)
def test_how_a_rate_is_written(text: float | str, rate: object) -> None:
    """Numbers, max, ramps and stages mean what the table says."""
    assert parse_load_rate(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "100..", "..5", "100 for", "100 for 10s,", "0 for 10s", "5, 6", "-1..5"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    """Nothing that cannot be driven is read as something else."""
    with pytest.raises(UsageError):
        parse_load_rate(text)


@given(profile=_PROFILES)
def test_a_profile_reads_as_it_is_written(profile: Profile) -> None:
    """Text made of a profile is read again, with as many stages."""
    again = parse_load_rate(str(profile))
    assert again is None or isinstance(again, float) or len(again.stages) == len(profile.stages)


@given(text=st.text())
def test_any_text_is_a_rate_or_refused(text: str) -> None:
    """No text raises anything but gonogo's own errors."""
    try:
        parse_load_rate(text)
    except GonogoError as error:
        assert error.what  # noqa: PT017 - either way is right


def test_a_profile_can_be_stretched() -> None:
    """Twice the time at the same rates has twice the requests."""
    profile = ramp(0, 100, 1) + steps([(100, 1)])
    assert profile.lasting(4) == ramp(0, 100, 2) + steps([(100, 2)])
    assert (profile.duration_s, profile.requests(4)) == (2, 300)


def test_a_warm_up_needs_a_rate() -> None:
    """A warm-up before a ramp from 0 would send nothing: refused."""
    target = Target("GET", "http://127.0.0.1:1/")
    with pytest.raises(UsageError, match="first rate, which is 0"):
        LoadPlan("x", (target,), ramp(0, 10), 1, warmup_s=1)


def test_a_ramp_is_driven(drive: Drive, server: Server) -> None:
    """The run has the ramp's due times, its mean rate, and the ramp as text."""
    run = drive(f"{server.url}/ok", rate=ramp(100, 300), duration_s=0.5)
    assert run.columns.due_s == pytest.approx(list(Changing(ramp(100, 300), 0.5).due_times()))
    assert (run.facts.rate, run.facts.labels) == (200, {"rate": "100..300"})

"""Schedules, the mix of targets and certification: the pure parts of a load."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.load.certify import certify, lag_limit
from gonogo.load.mix import interleave
from gonogo.load.schedule import Constant, Poisson, schedule
from gonogo.load.spool import COLUMNS, CUT
from gonogo.runs.run import ERRORS, Columns

_RATES = st.floats(0.5, 5_000)
_SECONDS = st.floats(0.01, 2)


@given(rate=_RATES, duration_s=_SECONDS, warmup_s=_SECONDS)
def test_constant_requests_are_evenly_spaced(rate: float, duration_s: float, warmup_s: float) -> None:
    """Any two neighbours are due 1 / rate apart, and the measured part begins at 0."""
    constant = Constant(rate, duration_s, warmup_s)
    due = np.array(list(constant.due_times()))
    assert np.diff(due) == pytest.approx(1 / rate, rel=1e-6)
    assert due[constant.warmup_requests] == 0


@given(rate=_RATES, duration_s=_SECONDS)
def test_constant_requests_fill_the_duration(rate: float, duration_s: float) -> None:
    """The measured part has the rate times the duration of requests, rounded, and at least one."""
    assert len(list(Constant(rate, duration_s).due_times())) == max(1, round(rate * duration_s))


@given(rate=_RATES, duration_s=_SECONDS, warmup_s=_SECONDS, seed=st.integers(0, 1000))
def test_poisson_requests_stay_in_their_time(rate: float, duration_s: float, warmup_s: float, seed: int) -> None:
    """They are due in order, from the warm-up's begin to the duration's end, and no more of them than said."""
    poisson = Poisson(rate, duration_s, warmup_s, seed)
    due = list(poisson.due_times())
    assert due == sorted(due)
    assert all(-warmup_s <= one < duration_s for one in due)
    assert len(due) <= poisson.most


def test_poisson_gaps_are_exponential() -> None:
    """Mean and standard deviation of 100,000 gaps are both 1 / rate.

    Each lies within 5 standard errors of the truth; by the normal law that fails for one seed in a million.
    """
    gaps = np.diff(list(Poisson(1000, 100, seed=7).due_times()))
    assert gaps.mean() == pytest.approx(1e-3, rel=5 / np.sqrt(len(gaps)))
    assert gaps.std() == pytest.approx(1e-3, rel=5 * np.sqrt(2 / len(gaps)))


@given(seed=st.integers(0, 1000))
def test_the_same_seed_gives_the_same_schedule(seed: int) -> None:
    """Two schedules of one plan are equal, request by request."""
    one, other = (schedule(50, 1, 0.5, arrivals="poisson", seed=seed) for _ in range(2))
    assert list(one.due_times()) == list(other.due_times())


@given(
    weights=st.lists(st.integers(1, 50).map(lambda n: n / 10), min_size=1, max_size=8),
    seed=st.integers(0, 100),
    turns=st.integers(1, 500),
)
def test_each_target_has_its_share_after_any_number_of_turns(weights: list[float], seed: int, turns: int) -> None:
    """Counts never differ from the exact share by one or more."""
    counts = np.bincount(list(islice(interleave(weights, seed), turns)), minlength=len(weights))
    shares = np.array(weights) / sum(weights) * turns
    assert np.all(np.abs(counts - shares) < 1)


def test_weights_with_a_long_cycle_are_kept_too() -> None:
    """At weights whose common cycle is longer than any that is remembered, the share holds."""
    counts = np.bincount(list(islice(interleave([0.123456789, 0.876543211]), 100_000)))
    assert counts[0] in (12345, 12346)


@given(seeds=st.lists(st.integers(), min_size=30, max_size=30, unique=True))
def test_the_seed_decides_who_comes_first(seeds: list[int]) -> None:
    """Equal targets do not come in the same order for every seed; for 30 seeds by chance once in 24 ** 29."""
    assert len({tuple(islice(interleave([1, 1, 1, 1], seed), 4)) for seed in seeds}) > 1


def _columns(lag_s: np.ndarray[tuple[int], np.dtype[np.float64]], unsent: int = 0) -> Columns:
    rows = len(lag_s) + unsent
    due = np.arange(rows) / 100
    error = np.zeros(rows, np.int8)
    error[len(lag_s) :] = ERRORS.index("unsent")
    sent = due + np.concatenate([lag_s, np.full(unsent, np.nan)])
    return Columns(
        due_s=due,
        queued_s=np.zeros(rows),
        sent_s=sent,
        first_byte_s=sent,
        done_s=sent,
        status=np.full(rows, 200, np.int16),
        error=error,
        success=error == 0,
        bytes_in=np.zeros(rows, np.int64),
        bytes_out=np.zeros(rows, np.int64),
        connection=np.zeros(rows, np.int32),
        target=np.zeros(rows, np.int16),
    )


def _late(requests: int, late: int, lag_s: float) -> Columns:
    lag = np.zeros(requests)
    lag[:late] = lag_s
    return _columns(lag)


@pytest.mark.parametrize(
    ("columns", "limit_s", "valid"),
    [
        (_late(1000, 10, 0.5), None, True),  # one in a hundred may be as late as it likes
        (_late(1000, 11, 0.0009), None, True),
        (_late(1000, 11, 0.002), None, False),
        (_late(1000, 11, 0.002), 0.05, True),  # 5 % of 50 ms are 2.5 ms
        (_late(1000, 11, 0.003), 0.05, False),
        (_late(1000, 11, 0.0009), 0.001, True),  # never stricter than 1 ms
        (_columns(np.zeros(999), unsent=1), None, True),
        (_columns(np.zeros(998), unsent=2), None, False),
        (_columns(np.zeros(0)), None, False),
    ],
)
def test_what_makes_a_run_invalid(columns: Columns, limit_s: float | None, valid: bool) -> None:  # noqa: FBT001 - a table
    """More than 0.1 % unsent, or a lag p99 above the larger of 1 ms and 5 % of the tightest limit, or nothing."""
    assert certify(columns, rate=100, tightest_limit_s=limit_s)[0] is valid


def test_a_closed_loop_is_never_late() -> None:
    """Without a schedule, lag says nothing."""
    assert certify(_late(1000, 1000, 1.0), rate=None) == (True, "")


def test_an_invalid_run_names_its_figures() -> None:
    """The reason gives what was measured, what is allowed, and what to do."""
    reason = certify(_late(1000, 20, 0.25), rate=100)[1]
    assert reason == (
        "the generator sent late: lag p99 is 250 ms, at most 1 ms is allowed; "
        "lower the rate of 100/s, or give the generator a CPU of its own"
    )


@given(limit_s=st.floats(0, 1e3))
def test_the_lag_limit_is_at_least_a_millisecond(limit_s: float) -> None:
    """However tight the latency limit."""
    assert lag_limit(limit_s) >= 1e-3


def test_the_spool_and_the_run_agree() -> None:
    """The spool's columns, and its code for a request on its way, are those of gonogo.runs."""
    made = _columns(np.zeros(1))
    kinds = {name: getattr(made, name).dtype.char.replace("l", "q").replace("?", "B") for name, _ in COLUMNS}
    assert kinds == dict(COLUMNS)
    assert ERRORS[CUT] == "cut"

"""Bets against a claim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.verdicts.betting import (
    bet_mean_above,
    bet_mean_below,
    bet_share_above,
    bet_share_below,
    bound_above,
    bound_below,
)

RUNS = 300
MOST_WRONG = 27


def test_looks_at_every_request_are_wrong_in_five_percent_at_most() -> None:
    """At the limit itself, looked at after every request up to 3,000, hardly any run shows what is not so.

    More than 27 of 300 come with a chance of 0.1 % if the error is 5 %: 1 - binomcdf(27; 300, 0.05) = 0.0011.
    """
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(RUNS):
        hits = np.cumsum(rng.random(3000) < 0.02)
        looks = range(50, 3000, 50)
        wrong += any(bet_share_below(int(hits[n - 1]), n, 0.02) <= 0.05 for n in looks)
    assert wrong <= MOST_WRONG


def test_spotless_requests_show_a_share_soon() -> None:
    """500 requests without a slow one show a p99 at every look, where a fixed length needs 299."""
    assert bet_share_below(0, 500, 0.01) <= 0.05


def test_bad_service_is_seen_at_once() -> None:
    """Thirty failures in a hundred refute one in a hundred."""
    assert bet_share_above(30, 100, 0.01) < 1e-6


@given(st.integers(0, 200), st.integers(1, 2000), st.sampled_from([1.0, 5.0]))
def test_bounds_hold_the_observed_share(hits: int, more: int, effect: float) -> None:
    """The observed share lies within its bounds."""
    trials = hits + more
    low = bound_below(hits, trials, 0.95, effect=effect)
    assert low <= hits / trials <= bound_above(hits, trials, 0.95, effect=effect)


@given(st.integers(0, 50), st.integers(60, 3000))
def test_dependence_takes_from_what_requests_tell(hits: int, trials: int) -> None:
    """The upper bound is no lower when ten requests tell as much as one."""
    assert bound_above(hits, trials, 0.95, effect=10) >= bound_above(hits, trials, 0.95) - 1e-9


@pytest.mark.parametrize(("limit", "p"), [(0.0, 1.0), (1.0, 0.0)])
def test_limits_that_cannot_be_crossed(limit: float, p: float) -> None:
    """A share is never below 0 and always below more than everything."""
    assert bet_share_below(3, 10, limit) == p


def test_mean_without_a_longest_value_is_never_shown() -> None:
    """Where a value may be of any size, no number of small ones bounds the mean."""
    assert bet_mean_below(np.full(10000, 0.001), 1.0, math.inf) == 1.0


def test_mean_is_shown_and_refuted() -> None:
    """Values far below the limit show it, values far above refute it."""
    values = np.full(1000, 0.01)
    assert max(bet_mean_below(values, 0.1, 1.0), bet_mean_above(values, 0.001)) < 0.001


def test_a_mean_far_on_the_other_side_is_no_evidence_at_all() -> None:
    """However many values speak against a claim, its p-value is 1 and nothing overflows."""
    assert bet_mean_above(np.full(600_000, 1e-6), 100.0) == 1.0
    assert bet_mean_below(np.full(600_000, 99.0), 1.0, 100.0) == 1.0

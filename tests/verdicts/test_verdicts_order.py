"""Quantiles and their bounds from order statistics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.verdicts.order import quantile, quantile_bounds, quantiles


@pytest.mark.parametrize(
    ("n", "level", "value"), [(100, 0.99, 99), (100, 0.07, 7), (1000, 0.999, 999), (10, 0.99, 10), (1, 0.5, 1)]
)
def test_quantile_is_an_observed_value(n: int, level: float, value: float) -> None:
    """A quantile is the smallest value that the level's share of all values does not exceed."""
    assert quantile(np.arange(1.0, n + 1)[::-1], level) == value


def test_no_values_have_no_quantile() -> None:
    """Nothing observed is NaN, at every level."""
    assert all(math.isnan(value) for value in quantiles(np.zeros(0), (0.5, 0.99)))


def test_median_bounds_of_hundred_are_the_40th_and_61st() -> None:
    """The 95 % interval of the median of 100 values is (40th, 61st): David and Nagaraja, 7.1; Conover, table A3."""
    assert quantile_bounds(np.arange(1.0, 101), 0.5, 0.975) == (40, 61)


@pytest.mark.parametrize(("n", "rank"), [(58, math.inf), (59, 59), (92, 92), (93, 92), (124, 122)])
def test_upper_bound_of_p95_is_that_of_wilks(n: int, rank: float) -> None:
    """The largest of 59, second of 93 and third of 124 values bound the p95 (Wilks 1941)."""
    assert quantile_bounds(np.arange(1.0, n + 1), 0.95, 0.95)[1] == rank


def test_failures_leave_p99_unbounded() -> None:
    """Requests that never got there stand at the slow end of the order."""
    values = np.array([*range(980), *[math.inf] * 20], dtype=np.float64)
    assert quantile_bounds(values, 0.99, 0.95)[1] == math.inf


@given(
    st.lists(st.floats(0, 1e3) | st.just(math.inf), min_size=1, max_size=300),
    st.sampled_from([0.5, 0.9, 0.99]),
    st.floats(1, 50),
)
def test_quantile_lies_within_its_bounds(values: list[float], level: float, effect: float) -> None:
    """The observed quantile is never outside its own interval."""
    column = np.array(values)
    low, high = quantile_bounds(column, level, 0.95, effect=effect)
    assert low <= quantile(column, level) <= high

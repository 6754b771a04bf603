"""Exact bounds on a share, held against published figures and against scipy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from gonogo.verdicts.binomial import (
    chance_of_showing,
    least_hits_above,
    lower_bound,
    most_hits_within,
    requests_for_hits,
    requests_to_decide,
    ruled_out,
    upper_bound,
)

TWO_SIDED_95 = 0.975


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_bounds_are_those_of_the_literature(hits: int, trials: int, low: float, high: float) -> None:
    """Clopper-Pearson intervals as in table I (method 5) of Newcombe, Statistics in Medicine 17 (1998), 857-872."""
    found = lower_bound(hits, trials, TWO_SIDED_95), upper_bound(hits, trials, TWO_SIDED_95)
    assert found == pytest.approx((low, high), abs=5e-5)


@settings(max_examples=50)
@given(st.integers(1, 5000), st.floats(0, 1), st.sampled_from([0.9, 0.95, 0.99]))
def test_bounds_equal_those_of_scipy(trials: int, share: float, confidence: float) -> None:
    """The one-sided bounds are those of scipy.stats.binomtest."""
    hits = round(share * trials)
    high = binomtest(hits, trials, alternative="less").proportion_ci(confidence, method="exact").high
    low = binomtest(hits, trials, alternative="greater").proportion_ci(confidence, method="exact").low
    found = lower_bound(hits, trials, confidence), upper_bound(hits, trials, confidence)
    assert found == pytest.approx((low, high), rel=1e-6, abs=1e-12)


@given(st.integers(1, 10**6), st.floats(0, 1), st.floats(1, 1e4))
def test_dependence_never_narrows(trials: int, share: float, effect: float) -> None:
    """Requests that depend on each other never give tighter bounds than as many independent ones."""
    hits = round(share * trials)
    low, high = (bound(hits, trials, 0.95, effect=effect) for bound in (lower_bound, upper_bound))
    tightest = lower_bound(hits, trials, 0.95) + 1e-9, upper_bound(hits, trials, 0.95) - 1e-9
    assert (low <= tightest[0], high >= tightest[1]) == (True, True)


def test_no_dependence_takes_more_than_markov_allows() -> None:
    """Half of all requests failing shows 2.5 % at 95 %, however they depend on each other (Markov's inequality)."""
    assert lower_bound(500, 1000, 0.95, effect=900.0) == pytest.approx(0.025)


@pytest.mark.parametrize(("hits", "requests"), [(0, 59), (1, 93), (2, 124)])
def test_requests_needed_are_those_of_wilks(hits: int, requests: int) -> None:
    """59, 93 and 124 values for a 95 %/95 % tolerance limit (Wilks, Annals of Mathematical Statistics 12, 1941)."""
    assert requests_for_hits(hits, 0.05, 0.95) == requests


def test_requests_out_of_reach_are_no_number() -> None:
    """A share that no feasible run can show has no number of requests."""
    assert requests_for_hits(0, 1e-12, 0.95) is None


def test_three_in_n_is_ruled_out() -> None:
    """None of n rules out about 3/n at 95 %: exactly 1 - 0.05^(1/n), the upper bound of no hit."""
    assert ruled_out(1000, 0.95) == pytest.approx(upper_bound(0, 1000, 0.95))


@given(st.integers(1, 3000), st.floats(0.0005, 0.9995))
def test_most_hits_within_is_the_last_that_shows(trials: int, allowed: float) -> None:
    """One hit more than the most that show the share would not show it."""
    most = most_hits_within(allowed, trials, 0.95)
    shows = [upper_bound(hits, trials, 0.95) <= allowed for hits in (most, most + 1) if 0 <= hits <= trials]
    assert shows == [hits == most for hits in (most, most + 1) if 0 <= hits <= trials]


@given(st.integers(1, 3000), st.floats(0.0005, 0.9995))
def test_least_hits_above_is_the_first_that_excludes(trials: int, allowed: float) -> None:
    """One hit fewer than the fewest that exclude the share would not exclude it."""
    least = least_hits_above(allowed, trials, 0.95)
    excludes = [lower_bound(hits, trials, 0.95) > allowed for hits in (least - 1, least) if 0 <= hits <= trials]
    assert excludes == [hits == least for hits in (least - 1, least) if 0 <= hits <= trials]


@given(st.integers(1, 20000), st.floats(0.0005, 0.5))
def test_chance_of_false_go_is_at_most_the_stated_error(trials: int, allowed: float) -> None:
    """At the limit itself, independent requests show the claim with a chance of at most 5 %."""
    assert chance_of_showing(trials, allowed, allowed, 0.95) <= 0.05 + 1e-9


@pytest.mark.parametrize(("truth", "allowed"), [(0.005, 0.01), (0.02, 0.01), (0.0, 0.01), (1.0, 0.01)])
def test_requests_to_decide_decide(truth: float, allowed: float) -> None:
    """So many requests decide with nine chances in ten, on whichever side the truth lies."""
    needed = requests_to_decide(truth, allowed, 0.95)
    assert needed is not None
    if truth < allowed:
        decided = chance_of_showing(needed, truth, allowed, 0.95)
    else:
        least = least_hits_above(allowed, needed, 0.95)
        decided = binomtest(least, needed, truth, alternative="greater").pvalue
    assert decided >= 0.9


def test_truth_at_the_limit_is_never_decided() -> None:
    """No number of requests tells a truth that is the limit itself."""
    assert requests_to_decide(0.01, 0.01, 0.95) is None

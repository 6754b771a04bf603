"""Runs over time and over percentiles, as plots need them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fixtures.runs import build_run
from gonogo.measures.percentiles import curve
from gonogo.measures.timeline import timeline


def test_bins_hold_every_request() -> None:
    """Rates times the bins' width add up to all requests."""
    seen = timeline(build_run(1000), bins=30)
    assert float(seen.due_rate.sum()) * seen.width_s == pytest.approx(1000)


def test_constant_rate_is_flat() -> None:
    """A constant rate is the same in every bin, to within one request."""
    seen = timeline(build_run(1000, rate=100), bins=10)
    assert float(np.abs(seen.due_rate - 100).max()) <= 1 / seen.width_s + 1e-9


def test_statuses_and_errors_stand_in_their_bins() -> None:
    """What went wrong in the first half shows there and nowhere else."""
    error = ["reset"] * 50 + [""] * 50
    seen = timeline(build_run(100, error=error, status=200), bins=2)
    assert (seen.errors["reset"].tolist(), seen.statuses[200].tolist()) == ([50, 0], [0, 50])


def test_latency_is_that_of_answered_requests() -> None:
    """A bin without an answer has no latency; the others have their quantiles."""
    seen = timeline(build_run(100, error=["reset"] * 50 + [""] * 50, latency_s=0.02), bins=2)
    assert math.isnan(seen.answered_s["p99"][0])
    assert [seen.answered_s[name][1] for name in ("p50", "p90", "p99", "max")] == [pytest.approx(0.02)] * 4


def test_lag_shows_where_it_was() -> None:
    """The generator's lag is seen in the bin in which it was late."""
    seen = timeline(build_run(100, lag_s=np.where(np.arange(100) < 50, 0.0, 0.003)), bins=2)
    assert seen.lag_p99_s.tolist() == [pytest.approx(0.0, abs=1e-9), pytest.approx(0.003)]


@pytest.mark.parametrize("n", [0, 1, 5])
def test_small_runs_have_all_bins(n: int) -> None:
    """Fewer requests than bins leave bins empty, and nothing fails."""
    seen = timeline(build_run(n), bins=10)
    assert (len(seen.start_s), float(seen.due_rate.sum()) * seen.width_s) == pytest.approx((10, n))


def test_curve_rises_to_the_rarest_that_there_is() -> None:
    """A thousand requests give a curve to p99.9, no further, that never falls."""
    seen = curve(build_run(1000, latency_s=np.arange(1000) / 1000))
    assert (seen.percentile[0], seen.percentile[-1]) == (0, pytest.approx(99.9))
    assert bool((np.diff(seen.all_due_s) >= 0).all())


def test_curve_ends_at_four_nines() -> None:
    """However many requests there are, the curve ends at p99.99."""
    assert curve(build_run(50000)).percentile[-1] == pytest.approx(99.99)


def test_curve_leaves_the_page_where_requests_failed() -> None:
    """From the share of failures on, the latency of all due requests is infinite, that of answered ones is not."""
    seen = curve(build_run(1000, error=["timeout"] * 100 + [""] * 900))
    beyond = seen.percentile > 90
    assert bool(np.isinf(seen.all_due_s[beyond]).all() and np.isfinite(seen.answered_s).all())


def test_curve_of_nothing_is_nan() -> None:
    """A run without a request has a curve without a figure."""
    assert bool(np.isnan(curve(build_run(0)).all_due_s).all())

"""Verdicts on means and rates."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from gonogo.errors import MeasurementError
from gonogo.verdicts.evidence import Mean
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge
from gonogo.verdicts.verdict import Outcome


def _rate(values: npt.ArrayLike) -> Mean:
    column = np.asarray(values, dtype=np.float64)
    return Mean(column, np.full(len(column), 0.5), float(column.mean()), "/s", 30000, "throughput")


STEADY = 500 + 5 * np.tile([-1.0, 1.0], 100)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("throughput >= 480/s", Outcome.GO),
        ("throughput >= 510/s", Outcome.NO_GO),
        ("throughput >= 499.9/s", Outcome.INCONCLUSIVE),
        ("throughput between 490/s and 510/s", Outcome.GO),
        ("throughput <= 400/s", Outcome.NO_GO),
    ],
)
def test_outcome(text: str, outcome: Outcome) -> None:
    """The t interval over blocks decides."""
    assert judge(parse(text), _rate(STEADY)).outcome is outcome


def test_interval_is_that_of_student() -> None:
    """Twenty blocks with standard deviation s reach 1.729 s / sqrt(20) (t table, 19 degrees of freedom, 95 %)."""
    values = np.tile([499.0, 501.0], 10)
    verdict = judge(parse("throughput >= 480/s"), _rate(values))
    assert verdict.high - 500 == pytest.approx(1.7291 * float(values.std(ddof=1)) / math.sqrt(20), rel=1e-4)


def test_fewer_than_twenty_blocks_are_never_go() -> None:
    """Nineteen blocks, however even, do not show a rate."""
    assert judge(parse("throughput >= 480/s"), _rate(np.full(19, 500.0))).outcome is Outcome.INCONCLUSIVE


def test_fewer_than_twenty_blocks_can_be_no_go() -> None:
    """Nineteen even blocks far below the limit are NO-GO."""
    assert judge(parse("throughput >= 480/s"), _rate(np.full(19, 5.0))).outcome is Outcome.NO_GO


@pytest.mark.parametrize(("limit", "outcome"), [(100, Outcome.GO), (200, Outcome.INCONCLUSIVE)])
def test_drift_forbids_go_unless_the_limit_is_far(limit: int, outcome: Outcome) -> None:
    """A rate that fell by 200 is GO only for a limit that another fall of 200 would not reach."""
    assert judge(parse(f"throughput >= {limit}/s"), _rate(np.linspace(500, 300, 200))).outcome is outcome


def _latencies(values: npt.NDArray[np.float64], most: float) -> Mean:
    block = np.arange(len(values)) * 200 // len(values)
    weights = np.bincount(block).astype(np.float64)
    means = np.bincount(block, weights=values) / weights
    return Mean(means, weights, float(values.mean()), "s", len(values), "mean", each=values, block=block, most=most)


@pytest.mark.parametrize(("most", "outcome"), [(10.0, Outcome.INCONCLUSIVE), (0.5, Outcome.GO)])
def test_mean_must_rule_out_what_the_timeout_allows(most: float, outcome: Outcome) -> None:
    """A thousand fast answers do not rule out that one in a thousand takes ten seconds, which would break the limit."""
    assert judge(parse("mean < 20ms"), _latencies(np.full(1000, 0.01), most)).outcome is outcome


def test_unanswered_requests_leave_the_mean_undefined() -> None:
    """One request without a value makes the mean undefined, and the reason says what to judge in its place."""
    values = np.full(200, 0.01)
    values[3] = math.inf
    evidence = Mean(values, np.full(200, 5.0), math.inf, "s", 1000, "mean of the latency", "judge answered.mean")
    verdict = judge(parse("mean < 1s"), evidence)
    assert (verdict.outcome, verdict.reason) == (
        Outcome.INCONCLUSIVE,
        "Mean of the latency is undefined, as some requests have no value; judge answered.mean.",
    )


def test_no_request_is_no_data() -> None:
    """Without a request there is no mean."""
    evidence = Mean(np.zeros(0), np.zeros(0), math.nan, "s", 0, "mean of the latency")
    assert judge(parse("mean < 1s"), evidence).outcome is Outcome.INCONCLUSIVE


def test_needed_shrinks_with_the_distance_from_the_limit() -> None:
    """The further from the limit, the fewer requests decide."""
    noisy = _rate(500 + 60 * np.tile([-1.0, 1.0], 100))
    near, far = (judge(parse(f"throughput >= {limit}/s"), noisy).needed for limit in (498, 495))
    assert near is not None
    assert far is not None
    assert near > far > 30000


def test_negative_weight_is_refused() -> None:
    """A block cannot weigh less than nothing."""
    with pytest.raises(MeasurementError, match="below 0"):
        Mean(np.ones(1), np.array([-1.0]), 1.0, "s", 1, "mean")

"""Figures with their uncertainty, without a criterion."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gonogo.verdicts.binomial import upper_bound
from gonogo.verdicts.estimate import estimate
from gonogo.verdicts.evidence import Evidence, Fact, Mean, Proportion, Quantile
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge

EACH = np.full(50, 20)
CLEAN = Proportion(np.zeros(50, np.int64), EACH, "errors")
LATENCY = Quantile(np.tile(np.arange(1, 101) / 1000, 10), np.repeat(np.arange(50), 20), 0.9, "latency")
RATE = Mean(np.tile([99.0, 101.0], 25), np.full(50, 1.0), 100.0, "/s", 5000, "throughput")


def test_share_has_its_exact_bounds() -> None:
    """A share's bounds are the exact ones."""
    found = estimate(CLEAN)
    assert (found.value, found.low, found.high, found.n) == (0.0, 0.0, upper_bound(0, 1000, 0.95), 1000)


def test_quantile_lies_within_its_bounds() -> None:
    """A quantile's bounds are observed values on both sides of it."""
    found = estimate(LATENCY)
    assert 0.08 <= found.low < found.value == 0.09 < found.high <= 0.1


@pytest.mark.parametrize(("evidence", "text"), [(CLEAN, "errors <= 50%"), (RATE, "throughput >= 50/s")])
def test_agrees_with_the_verdict(evidence: Evidence, text: str) -> None:
    """What is looked at and what is decided on are the same figures."""
    verdict, found = judge(parse(text), evidence), estimate(evidence)
    assert (found.value, found.low, found.high) == (verdict.observed, verdict.low, verdict.high)


def test_fact_has_no_doubt() -> None:
    """A fact's interval is the figure itself."""
    found = estimate(Fact(7.0, 7, "count", "requests"))
    assert (found.low, found.value, found.high, found.confidence) == (7, 7, 7, 1)


@pytest.mark.parametrize(
    "evidence",
    [
        Proportion(np.zeros(0, np.int64), np.zeros(0, np.int64), "errors"),
        Quantile(np.zeros(0), np.zeros(0, np.int64), 0.9, "latency"),
        Mean(np.zeros(0), np.zeros(0), math.nan, "s", 0, "mean"),
    ],
    ids=["share", "quantile", "mean"],
)
def test_no_data_is_no_figure(evidence: Evidence) -> None:
    """Without requests the figure is NaN, and nothing is raised."""
    assert math.isnan(estimate(evidence).value)


def test_undefined_mean_has_no_bounds() -> None:
    """A mean with an unanswered request in it is bounded by nothing."""
    found = estimate(Mean(np.array([math.inf, 1.0]), np.ones(2), math.inf, "s", 2, "mean"))
    assert (found.low, found.high) == (-math.inf, math.inf)

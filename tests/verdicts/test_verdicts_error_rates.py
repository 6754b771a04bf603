"""Simulated runs whose truth lies at the limit: how often a verdict is wrong.

Each test counts wrong verdicts in 200 seeded runs. If the true error is at most 5 %, more than 20 of 200 come with a
chance of about 0.1 %: 1 - binomcdf(20; 200, 0.05) = 0.0011. The seeds are fixed, so a test that passes keeps passing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import lfilter
from scipy.special import ndtri

from gonogo.verdicts.criterion import Comparison, Criterion, MeasureName
from gonogo.verdicts.evidence import Proportion, Quantile
from gonogo.verdicts.judge import judge
from gonogo.verdicts.memory import nearness
from gonogo.verdicts.verdict import Outcome

RUNS = 200
MOST_WRONG = 20
N = 10000
BLOCKS = np.arange(N) * 200 // N


def _moods(memory: float, seed: int) -> Iterator[npt.NDArray[np.float64]]:
    """Yield runs of standard normal values of which each remembers the one before (AR(1)); 0: independent ones."""
    rng = np.random.default_rng(seed)
    fade = math.sqrt(1 - memory**2)
    for _ in range(RUNS):
        shocks = rng.normal(size=N)
        shocks[0] /= fade
        yield np.asarray(lfilter([fade], [1, -memory], shocks))


def _outcomes(memory: float, share: float, kind: str) -> list[Outcome]:
    """Judge runs in which exactly ``share`` of all requests are slow in the long run, with that share as the limit."""
    limit = math.exp(-float(ndtri(share)))
    outcomes = []
    for values in _moods(memory, seed=11):
        latency = np.exp(values)
        if kind == "share":
            hits = np.bincount(BLOCKS[latency > limit], minlength=200)
            claim = Criterion(MeasureName("errors"), Comparison("<=", share), "share", "errors")
            near = nearness(latency, BLOCKS, limit)
            outcomes.append(judge(claim, Proportion(hits, np.bincount(BLOCKS), "errors", near)).outcome)
        else:
            claim = Criterion(MeasureName(f"p{100 - 100 * share:g}"), Comparison("<=", limit), "s", "quantile")
            outcomes.append(judge(claim, Quantile(latency, BLOCKS, 1 - share, "latency")).outcome)
    return outcomes


@pytest.mark.parametrize(
    ("memory", "share", "kind"),
    [
        (0.0, 0.01, "share"),
        (0.0, 0.01, "quantile"),
        (0.0, 0.5, "quantile"),
        (0.9, 0.01, "share"),
        (0.9, 0.01, "quantile"),
        (0.99, 0.5, "share"),
        (0.99, 0.01, "share"),
        (0.999, 0.01, "quantile"),
        (0.999, 0.5, "share"),
    ],
)
def test_errors_stay_within_the_stated_five_percent(memory: float, share: float, kind: str) -> None:
    """At the limit itself, neither GO nor NO-GO comes more often than in 5 % of runs."""
    outcomes = _outcomes(memory, share, kind)
    assert max(outcomes.count(Outcome.GO), outcomes.count(Outcome.NO_GO)) <= MOST_WRONG


def test_blind_bounds_would_be_wrong_more_often() -> None:
    """Taking dependent requests for independent ones breaks the stated error: the blocks are needed.

    With an effect of about 170, bounds of independent requests are wrong in nearly half of all runs on each side.
    """
    limit = 1.0
    wrong = 0
    for values in _moods(0.99, seed=11):
        count = int((np.exp(values) > limit).sum())
        claim = Criterion(MeasureName("errors"), Comparison("<=", 0.5), "share", "errors")
        shuffled = np.diff(np.arange(201) * count // 200)
        wrong += judge(claim, Proportion(shuffled, np.bincount(BLOCKS), "errors")).outcome is Outcome.GO
    assert wrong > 3 * MOST_WRONG


def test_light_load_far_from_its_limit_is_go() -> None:
    """Independent requests of a p99 at half its limit are GO in nearly every run of 10,000."""
    claim = Criterion(MeasureName("p99"), Comparison("<=", 2 * math.exp(-float(ndtri(0.01)))), "s", "p99")
    runs = [judge(claim, Quantile(np.exp(values), BLOCKS, 0.99, "latency")).outcome for values in _moods(0, seed=13)]
    assert runs.count(Outcome.GO) >= 0.97 * RUNS


def test_clearly_good_run_is_go() -> None:
    """A service three times better than its limit is GO at 10,000 dependent requests, in four of five runs and more."""
    claim = Criterion(MeasureName("p99"), Comparison("<=", 3 * math.exp(-float(ndtri(0.01)))), "s", "p99")
    outcomes = [
        judge(claim, Quantile(np.exp(values), BLOCKS, 0.99, "latency")).outcome for values in _moods(0.9, seed=12)
    ]
    assert outcomes.count(Outcome.GO) >= 0.8 * RUNS

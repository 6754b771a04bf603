"""P-values of NO-GO: as low as the data support, so that many criteria do not hide an obvious overload."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gonogo.verdicts.criterion import Comparison, Criterion, MeasureName
from gonogo.verdicts.evidence import Mean, Quantile
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.hochberg import hold_no_go
from gonogo.verdicts.judge import judge
from gonogo.verdicts.method import Method
from gonogo.verdicts.verdict import Outcome, Verdict

N = 10000
BLOCK = np.arange(N) * 200 // N
P99 = parse("p99 <= 50ms")
SESSION = 100


def _judged(latency_s: npt.NDArray[np.float64], method: Method = Method.FIXED) -> Verdict:
    return judge(P99, Quantile(latency_s, BLOCK, 0.99, "latency"), method=method)


def _in_a_session(verdict: Verdict) -> Outcome:
    """Return what becomes of a verdict among 99 criteria that hold."""
    good = _judged(np.full(N, 0.001))
    return hold_no_go([*[good] * (SESSION - 1), verdict])[-1].outcome


RNG = np.random.default_rng(7)
OVERLOADS = {
    "all slow": np.full(N, 3.0),
    "noisy": 0.5 * np.exp(0.3 * RNG.standard_normal(N)),
    "grows from idle": np.linspace(0.0, 5.0, N) + 0.005,
    "sets in after a tenth": np.where(np.arange(N) < N // 10, 0.01, 2.0),
    "a tenth is slow": np.where(RNG.random(N) < 0.1, 0.2, 0.01),
}


@pytest.mark.parametrize("latency_s", OVERLOADS.values(), ids=OVERLOADS.keys())
def test_an_obvious_overload_is_no_go_among_a_hundred_criteria(latency_s: npt.NDArray[np.float64]) -> None:
    """The smallest of 100 p-values must be below 0.05 %, which an overload's is however it sets in."""
    assert _in_a_session(_judged(latency_s)) is Outcome.NO_GO


def test_an_overload_that_sets_in_is_no_go_at_a_look() -> None:
    """How an overload begins does not keep a run from being stopped by it."""
    assert _judged(OVERLOADS["grows from idle"], Method.ANYTIME).outcome is Outcome.NO_GO


def test_a_mean_is_doubted_by_the_tails_of_the_t_distribution() -> None:
    """With 20 blocks, 3.9 standard errors are p = 0.05 %; a normal distribution would say 0.005 %."""
    values = np.tile([0.9, 1.1], 10)
    evidence = Mean(values, np.ones(20), 1.0, "/s", 20, "throughput")
    error = float(values.std(ddof=1)) / np.sqrt(20)
    claim = Criterion(MeasureName("throughput"), Comparison(">=", 1.0 + 3.883 * error), "/s", "throughput >= limit")
    p = judge(claim, evidence).p
    assert p == pytest.approx(0.0005, rel=0.02)


def test_doubt_spent_on_looks_is_not_spent_again_at_the_end() -> None:
    """Looks have four fifths of the doubt and the end has one: together they err no more often than stated."""
    assert Method.ANYTIME.against(0.04) == pytest.approx(0.05)
    assert Method.ANYTIME.at_the_end(0.01) == pytest.approx(0.05)


def _moods(memory: float, seed: int) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal(N)
    if not memory:
        return shocks
    values = np.empty(N)
    state = rng.standard_normal()
    for index in range(N):
        state = memory * state + np.sqrt(1 - memory**2) * shocks[index]
        values[index] = state
    return values


@pytest.mark.parametrize("memory", [0.0, 0.9])
def test_small_p_values_are_rare_when_the_claim_holds(memory: float) -> None:
    """Of 200 runs at the limit, 2 have p <= 1 % on average; more than 8 come with a chance of 0.02 %.

    1 - binomcdf(8; 200, 0.01) = 0.00024.
    """
    # 2.3263 is the normal quantile of 99 %: one request in a hundred is above the limit.
    runs = (0.05 * np.exp((_moods(memory, seed) - 2.3263) / 2) for seed in range(200 if not memory else 40))
    assert sum(p <= 0.01 for run in runs if (p := _judged(run).p) is not None) <= 8

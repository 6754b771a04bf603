"""Verdicts on quantiles."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import MeasurementError
from gonogo.verdicts.evidence import Quantile
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge
from gonogo.verdicts.verdict import Outcome

NOUN = "latency of all requests due"


def _values(values: npt.ArrayLike, level: float = 0.99) -> Quantile:
    column = np.asarray(values, dtype=np.float64)
    n = len(column)
    return Quantile(column, np.arange(n) * min(200, n) // max(1, n), level, NOUN)


def _mixed(n: int, slow: int, slow_s: float = 0.2, fast_s: float = 0.01) -> npt.NDArray[np.float64]:
    """Return ``n`` values of which ``slow``, spread evenly, are slow."""
    values = np.full(n, fast_s)
    if slow:
        values[np.arange(slow) * n // slow] = slow_s
    return values


@pytest.mark.parametrize(
    ("text", "n", "slow", "outcome"),
    [
        ("p99 <= 50ms", 298, 0, Outcome.INCONCLUSIVE),
        ("p99 <= 50ms", 299, 0, Outcome.GO),
        ("p99 <= 50ms", 473, 1, Outcome.GO),
        ("p99 <= 50ms", 1000, 10, Outcome.INCONCLUSIVE),
        ("p99 <= 50ms", 1000, 50, Outcome.NO_GO),
        ("p99 > 50ms", 1000, 50, Outcome.GO),
        ("p99 > 50ms", 1000, 0, Outcome.NO_GO),
        ("p99 between 5ms and 50ms", 1000, 0, Outcome.GO),
        ("p99 between 50ms and 1s", 1000, 0, Outcome.NO_GO),
        ("p99 between 50ms and 1s", 1000, 12, Outcome.INCONCLUSIVE),
    ],
)
def test_outcome(text: str, n: int, slow: int, outcome: Outcome) -> None:
    """``p99 <= L`` is the claim that at most 1 % are slower than L."""
    assert judge(parse(text), _values(_mixed(n, slow))).outcome is outcome


@pytest.mark.parametrize(
    ("operator", "outcome"),
    [("<=", Outcome.GO), ("<", Outcome.NO_GO), (">=", Outcome.GO), (">", Outcome.NO_GO)],
)
def test_ties_with_the_limit(operator: str, outcome: Outcome) -> None:
    """Values that are the limit itself fulfil ``<=`` and ``>=``, and neither ``<`` nor ``>``."""
    assert judge(parse(f"p99 {operator} 50ms"), _values(np.full(1000, 0.05))).outcome is outcome


def test_failures_are_slower_than_any_limit() -> None:
    """Two per cent without a success are NO-GO for every p99, however fast the rest is."""
    verdict = judge(parse("p99 <= 1000s"), _values(_mixed(10000, 200, slow_s=math.inf)))
    assert (verdict.outcome, verdict.observed) == (Outcome.NO_GO, math.inf)


def test_no_value_is_no_data() -> None:
    """Without a request there is nothing to judge."""
    assert judge(parse("p99 <= 1s"), _values([])).outcome is Outcome.INCONCLUSIVE


def test_verdict_and_interval_agree() -> None:
    """The claim is shown exactly when the upper bound of the quantile is within the limit."""
    rng = np.random.default_rng(8)
    verdicts = [judge(parse("p99 <= 50ms"), _values(rng.lognormal(-4, 0.4, 3000))) for _ in range(40)]
    shown = {verdict.outcome is Outcome.GO for verdict in verdicts if verdict.high <= 0.05}
    assert shown == {True}


def test_reason_is_one_plain_sentence() -> None:
    """A GO says the figure, its bound and the limit."""
    assert judge(parse("p99 <= 50ms"), _values(_mixed(1000, 2))).reason == (
        "The p99 of the latency of all requests due is 10 ms over 1,000 requests (95 % sure: at most 10 ms), "
        "limit 50 ms."
    )


def test_reason_of_too_few_says_how_many_more() -> None:
    """Too few requests for a p99 say how many more would decide."""
    assert judge(parse("p99 <= 50ms"), _values(_mixed(100, 0))).reason == (
        "The p99 of the latency of all requests due is 10 ms over 100 requests (95 % sure: no upper bound), "
        "limit 50 ms; 0 requests (0 %) are slower than 50 ms, 1 % may be; "
        "199 more requests without a slower one would decide."
    )


def test_clusters_just_below_the_limit_are_a_warning() -> None:
    """Stalls that ended just short of the limit do not make 300 requests enough."""
    values = np.full(400, 0.01)
    values[100:120] = 0.045
    outcomes = [judge(parse(text), _values(values)).outcome for text in ("p99 <= 50ms", "p99 <= 500ms")]
    assert outcomes == [Outcome.INCONCLUSIVE, Outcome.GO]


def test_growing_overload_is_no_go() -> None:
    """Latency that grows from the first to the last request is NO-GO, not undecided."""
    assert judge(parse("p99 <= 50ms"), _values(np.linspace(0.06, 30, 60000))).outcome is Outcome.NO_GO


def test_growth_within_the_limit_shows_nothing() -> None:
    """A latency that grew towards the limit all the time is not GO: the run does not repeat itself."""
    assert judge(parse("p50 <= 30s", confidence=0.95), _values(np.linspace(0.06, 50, 60000), 0.5)).outcome is (
        Outcome.INCONCLUSIVE
    )


@pytest.mark.parametrize(
    ("values", "block", "level"),
    [([math.nan], [0], 0.99), ([1.0], [0], 1.0), ([1.0, 1.0], [1, 0], 0.5), ([1.0], [0, 0], 0.5)],
)
def test_impossible_evidence_is_refused(values: list[float], block: list[int], level: float) -> None:
    """A value that is no number, a level of 1 and blocks out of order are faults of the measure."""
    with pytest.raises(MeasurementError):
        Quantile(np.array(values), np.array(block), level, NOUN)


@given(
    st.lists(st.sampled_from([0.01, 0.04, 0.05, 0.2, math.inf]), min_size=1, max_size=600),
    st.sampled_from(["p50 <= 50ms", "p90 < 50ms"]),
)
def test_go_means_observed_within_the_limit(values: list[float], text: str) -> None:
    """GO is never given to a quantile beyond the limit, nor NO-GO to one within it."""
    level = 0.5 if text.startswith("p50") else 0.9
    verdict = judge(parse(text), _values(values, level))
    within = verdict.observed <= 0.05 if "<=" in text else verdict.observed < 0.05
    assert verdict.outcome in (Outcome.GO if within else Outcome.NO_GO, Outcome.INCONCLUSIVE)

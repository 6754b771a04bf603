"""Facts that suites state: read, judged exactly, and never GO without data."""

from __future__ import annotations

import math

import pytest

from gonogo.errors import GrammarError
from gonogo.measures.stated import judge_stated, parse_stated
from gonogo.verdicts.verdict import Outcome


@pytest.mark.parametrize(
    ("text", "observed", "outcome"),
    [
        ("batch.rows_lost == 0", 0, Outcome.GO),
        ("batch.rows_lost == 0", 1, Outcome.NO_GO),
        ("batch.duration <= 10min", 600.0, Outcome.GO),
        ("batch.duration <= 10min", 600.1, Outcome.NO_GO),
        ("batch.failed < 0.1%", 0.001, Outcome.NO_GO),
        ("batch.rows == 0", math.nan, Outcome.INCONCLUSIVE),
    ],
)
def test_a_fact_is_compared_exactly(text: str, observed: float, outcome: Outcome) -> None:
    """Counts, durations and shares; no data is never GO."""
    assert judge_stated(parse_stated(text), observed, of=10).outcome is outcome


def test_a_fact_that_was_counted_on_nothing_is_no_data() -> None:
    """None of no rows is not a pass."""
    assert judge_stated(parse_stated("batch.rows_lost == 0"), 0, of=0).outcome is Outcome.INCONCLUSIVE


def test_a_figure_that_says_nothing_decides_nothing() -> None:
    """However good it is: the verdict is INCONCLUSIVE and tells why."""
    verdict = judge_stated(parse_stated("scaling.replicas >= 2"), 5, unless="no autoscaler sees any load")
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason == "Scaling.replicas cannot be judged: no autoscaler sees any load."


@pytest.mark.parametrize("text", ["p99 <= 50ms", "batch.rows", "batch.rows = 1", "batch.rows <= many", "Batch.x == 1"])
def test_what_states_no_fact_is_refused(text: str) -> None:
    """A measure of a run, no comparison, a limit that is none."""
    with pytest.raises(GrammarError):
        parse_stated(text)

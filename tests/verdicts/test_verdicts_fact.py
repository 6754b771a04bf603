"""Verdicts on counts and extremes."""

from __future__ import annotations

import math

import pytest

from gonogo.verdicts.evidence import Fact
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge
from gonogo.verdicts.verdict import Outcome


@pytest.mark.parametrize(
    ("text", "value", "outcome"),
    [
        ("requests >= 1000", 1000, Outcome.GO),
        ("requests > 1000", 1000, Outcome.NO_GO),
        ("requests == 1000", 1000, Outcome.GO),
        ("requests == 1000", 999, Outcome.NO_GO),
        ("requests != 1000", 999, Outcome.GO),
        ("requests between 10 and 20", 20, Outcome.GO),
        ("requests between 10 and 20", 21, Outcome.NO_GO),
        ("max < 1s", 1.0, Outcome.NO_GO),
        ("max <= 1s", 1.0, Outcome.GO),
        ("max < 1s", math.inf, Outcome.NO_GO),
        ("min > 1ms", math.nan, Outcome.INCONCLUSIVE),
    ],
)
def test_outcome(text: str, value: float, outcome: Outcome) -> None:
    """A fact is compared exactly; a figure that does not exist decides nothing."""
    criterion = parse(text)
    assert judge(criterion, Fact(value, 1000, criterion.unit, "figure")).outcome is outcome


def test_extreme_names_the_rate_that_it_rules_out() -> None:
    """The largest of n says how rare worse ones are, and no more."""
    verdict = judge(parse("max < 1s"), Fact(0.083, 47420, "s", "largest latency", rare=True))
    assert verdict.reason == (
        "Largest latency is 83 ms over 47,420 requests, limit 1 s; "
        "that worse ones make up 0.0063 % or more in the long run is ruled out (95 % sure)."
    )

"""Figures, sentences, claims, causes and the order of criteria."""

from __future__ import annotations

import math

import pytest

from gonogo.errors import (
    EnvironmentFault,
    GonogoError,
    ManifestError,
    MissingPart,
    StackError,
    UndecidedError,
    UsageError,
)
from gonogo.gate.cause import Cause, cause_of
from gonogo.gate.claim import Allowed, allowed
from gonogo.gate.figure import figure
from gonogo.gate.judgment import CriterionEntry
from gonogo.gate.order import distance, worst_first
from gonogo.gate.sentence import criterion_sentence, listed, opening
from gonogo.verdicts.verdict import Outcome, Verdict


def verdict(
    expression: str,
    observed: float,
    limit: float,
    unit: str,
    outcome: Outcome = Outcome.NO_GO,
    needed: int | None = None,
) -> Verdict:
    """A verdict on 200 requests, with its bounds at the observation."""
    return Verdict(
        outcome, expression, observed, observed, observed, limit, unit, 200, 0.95, "The run is short.", needed
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (3.1, "s", "3.1 s"),
        (0.9994, "share", "99.94 %"),
        (480.0, "/s", "480/s"),
        (999.98, "/s", "1,000/s"),
        (69.33, "/s", "69.3/s"),
        (12345.6, "/s", "12,346/s"),
        (65322.0, "count", "65,322"),
        (0.25, "count", "0.25"),
        (0.0, "count", "0"),
        (math.inf, "s", "∞"),
        (-math.inf, "/s", "-∞"),
        (math.nan, "count", "unknown"),
    ],
)
def test_figures_read_as_people_write_them(value: float, unit: str, text: str) -> None:
    """A figure has its unit, three digits or so, and a word when it is no number."""
    assert figure(value, unit) == text


@pytest.mark.parametrize(
    ("given", "summary", "sentence"),
    [
        (
            verdict("p99[POST /predict] <= 50ms", 3.1, 0.05, "s"),
            {"rate": 998.2, "facts": {"rate": 1000.0}},
            "p99 of POST /predict at 1,000/s is 3.1 s; the limit is 50 ms",
        ),
        (verdict("answered.p99 <= 50ms", 3.1, 0.05, "s"), {}, "answered p99 is 3.1 s; the limit is 50 ms"),
        (
            verdict("status[503] between 10% and 30%", 0.4, 0.3, "share"),
            {"rate": None},
            "the share of status 503 is 40 %; it must lie between 10 % and 30 %",
        ),
        (
            verdict("within 2% of svc", 0.4, 0.02, "share"),
            {},
            "within 2% of svc is 40 %; the limit is 2 %",
        ),
        (
            verdict("p99 <= 50ms", 0.0096, 0.05, "s", Outcome.INCONCLUSIVE, 299),
            {},
            "p99 is undecided at 9.6 ms with a limit of 50 ms: 299 requests would decide it, 200 were measured",
        ),
        (
            verdict("p99 <= 50ms", 0.0096, 0.05, "s", Outcome.INCONCLUSIVE),
            {},
            "p99 is undecided: the run is short",
        ),
    ],
)
def test_a_criterion_is_told_in_one_sentence(given: Verdict, summary: dict[str, object], sentence: str) -> None:
    """Measure, target, rate, figure and limit stand in one sentence, expressions beyond the grammar too."""
    assert criterion_sentence(CriterionEntry("t", "r", given), summary) == sentence


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("success is low", "Success is low"),
        ("p99 is high", "p99 is high"),
        ("iris-svc died", "iris-svc died"),
        ("", ""),
    ],
)
def test_a_sentence_opens_with_a_capital_but_for_names(text: str, opened: str) -> None:
    """Words get a capital, names keep their letters."""
    assert opening(text) == opened


def test_long_lists_are_counted() -> None:
    """Three names are spelt out, the others counted."""
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        ("p99 <= 50ms", Allowed(high=0.05)),
        ("success >= 99%", Allowed(low=0.99)),
        ("status[503] between 10% and 30%", Allowed(0.1, 0.3)),
        ("requests == 1000", Allowed(1000, 1000)),
        ("requests != 1000", None),
        ("nobody knows this", None),
    ],
)
def test_a_claim_says_where_the_figure_must_lie(expression: str, zone: Allowed | None) -> None:
    """The side of the limit follows from the comparison; what is no range has none."""
    assert allowed(verdict(expression, 1.0, 1.0, "s")) == zone


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (AssertionError("assert 1 == 2"), Cause.ASSERTION),
        (UndecidedError("too few"), Cause.UNDECIDED),
        (StackError("died"), Cause.STACK),
        (MissingPart("no envoy"), Cause.ENVIRONMENT),
        (EnvironmentFault("no room"), Cause.ENVIRONMENT),
        (ManifestError("not YAML"), Cause.USAGE),
        (UsageError("no such service"), Cause.USAGE),
        (GonogoError("?"), Cause.OTHER),
        (KeyError("mode"), Cause.OTHER),
    ],
)
def test_the_cause_follows_from_the_error(error: BaseException, cause: Cause) -> None:
    """The error tree says whose fault a failure is."""
    assert cause_of(error) is cause


@pytest.mark.parametrize(
    ("observed", "limit", "unit", "apart"),
    [
        (0.5, 0.05, "s", 10.0),
        (0.05, 0.5, "s", 10.0),
        (0.99, 0.999, "share", 10.0),
        (0.2, 0.1, "share", 2.0),
        (5.0, 5.0, "count", 1.0),
        (5.0, 0.0, "count", math.inf),
        (math.inf, 0.05, "s", math.inf),
    ],
)
def test_the_distance_is_a_ratio(observed: float, limit: float, unit: str, apart: float) -> None:
    """Ten times the limit is as far as a tenth of it; shares near 1 count what is missing."""
    assert distance(verdict("x", observed, limit, unit)) == pytest.approx(apart)


def test_the_worst_is_told_first() -> None:
    """NO-GO by distance, then INCONCLUSIVE with those without data first, then GO by closeness."""
    told = [
        verdict("go far", 0.01, 0.05, "s", Outcome.GO),
        verdict("go close", 0.049, 0.05, "s", Outcome.GO),
        verdict("open", 0.049, 0.05, "s", Outcome.INCONCLUSIVE),
        verdict("open, unknown", math.nan, 0.05, "s", Outcome.INCONCLUSIVE),
        verdict("no-go close", 0.06, 0.05, "s"),
        verdict("no-go far", 3.1, 0.05, "s"),
    ]
    order = worst_first([CriterionEntry("t", "r", given) for given in told])
    assert [entry.verdict.expression for entry in order] == [
        "no-go far",
        "no-go close",
        "open, unknown",
        "open",
        "go close",
        "go far",
    ]

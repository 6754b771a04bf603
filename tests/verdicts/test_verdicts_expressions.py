"""Criteria as Python expressions."""

from __future__ import annotations

import pytest

from gonogo.errors import GrammarError, UsageError
from gonogo.units import minute, ms, s
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.expressions import (
    admitted,
    answered,
    errors,
    lag,
    latency,
    percent,
    queued,
    requests,
    status,
    success,
    throughput,
)
from gonogo.verdicts.grammar import parse


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (latency.p99 <= 50 * ms, "p99 <= 50ms"),
        (latency.p999 < 57 * ms, "p99.9 < 57ms"),
        (50 * ms >= latency.p99, "p99 <= 50ms"),
        (latency.max < 1 * s, "max < 1s"),
        (answered.mean < 20 * ms, "answered.mean < 20ms"),
        (admitted.p99 <= 50 * ms, "admitted.p99 <= 50ms"),
        (queued.p99 <= 1 * ms, "queued.p99 <= 1ms"),
        (lag.p99 <= 1 * ms, "lag.p99 <= 1ms"),
        (latency.p99.of("POST /predict") <= 50 * ms, "p99[POST /predict] <= 50ms"),
        (latency.p99.at(0.99) <= 50 * ms, "p99 <= 50ms at 99%"),
        ((latency.p99 <= 50 * ms).at(0.99), "p99 <= 50ms at 99%"),
        ((latency.p99 <= 50 * ms).at(0.99).at(0.95), "p99 <= 50ms"),
        (success >= 99.9 * percent, "success >= 99.9%"),
        (success == 100 * percent, "success == 100%"),
        (status[503].between(10 * percent, 30 * percent), "status[503] between 10% and 30%"),
        (errors["timeout"] <= 0.1 * percent, "errors[timeout] <= 0.1%"),
        (errors <= 1 * percent, "errors <= 1%"),
        (status[503] != 0, "status[503] != 0%"),
        (throughput >= 480, "throughput >= 480/s"),
        (throughput > 6000 / minute, "throughput > 100/s"),
        (requests >= 1000, "requests >= 1000"),
    ],
)
def test_expression_is_what_the_text_says(expression: Criterion, text: str) -> None:
    """An expression and its text are the same criterion."""
    assert expression == parse(text)


def test_criterion_is_no_truth_value() -> None:
    """``and``, ``or`` and ``not`` raise and do not swallow a criterion."""
    with pytest.raises(UsageError, match="neither true nor false"):
        bool(latency.p99 <= 50 * ms)


def test_double_comparison_is_refused() -> None:
    """``a <= x <= b`` would drop its first half, so that it raises; between() says it."""
    with pytest.raises(UsageError, match="neither true nor false"):
        _ = 10 * ms <= latency.p99 <= 50 * ms


def test_impossible_claims_are_refused_as_in_text() -> None:
    """A claim that every run fulfils is refused in an expression too."""
    with pytest.raises(GrammarError, match="every run fulfils"):
        _ = success >= 0 * percent


def test_unknown_measure_is_refused_with_a_suggestion() -> None:
    """A misspelt measure is a grammar error."""
    with pytest.raises(GrammarError):
        _ = latency.p9x


def test_private_names_are_no_measures() -> None:
    """What Python itself asks for is not taken for a measure."""
    assert not hasattr(latency, "__wrapped__")

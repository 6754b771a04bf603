"""Judging what other tools measured: INCONCLUSIVE rather than wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gonogo.gate.imported import judge_imported
from gonogo.runs.imports.imported import Imported, Summary
from gonogo.runs.imports.rows import NOT_TOLD, Rows
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Outcome

GO, NO_GO, OPEN = Outcome.GO, Outcome.NO_GO, Outcome.INCONCLUSIVE
LATE = "the tool counts a latency from when it sent the request"


def load(*, late: str = LATE, resolution_s: float = 0.0, refused: dict[str, str] | None = None) -> Imported:
    """2,000 requests in 20 s, all answered within 10, 20 or 30 ms."""
    rows, rng = Rows(), np.random.default_rng(1)
    for index in range(2000):
        rows.add(start_s=index / 100, latency_s=0.010 * rng.integers(1, 4), status=200, target="GET /")
    return Imported("tool", rows.run("load", epoch=False), None, late, resolution_s, refused or {})


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [
        ("p99 <= 20ms", NO_GO),  # too slow already without what is missing
        ("p99 <= 50ms", OPEN),  # fast enough, but what is missing may be slow
        ("p99 >= 15ms", GO),
        ("p99 >= 50ms", OPEN),
        ("p99 between 1ms and 50ms", OPEN),
        ("p99 between 1ms and 20ms", NO_GO),
        ("p99 between 40ms and 50ms", OPEN),
        ("max < 20ms", NO_GO),
        ("max < 50ms", OPEN),
        ("min >= 1ms", GO),
        ("answered.p99 <= 50ms", OPEN),
        ("success >= 99%", GO),
        ("throughput >= 90/s", GO),
        ("throughput >= 200/s", NO_GO),
    ],
)
def test_latencies_without_due_times_can_only_be_too_small(expression: str, outcome: Outcome) -> None:
    """They show that a service is too slow, and never that it is fast enough; other measures stand as they are."""
    assert judge_imported(load(), parse(expression)).outcome is outcome


def test_the_reason_says_what_is_missing() -> None:
    """After what was measured."""
    verdict = judge_imported(load(), parse("p99 <= 50ms"))
    assert verdict.reason.startswith("The p99 of the latency")
    assert verdict.reason.endswith(f"; but {LATE}, so that its latencies may be too small.")


def test_latencies_from_the_due_time_are_judged_as_any() -> None:
    """Where a tool records when requests were due, nothing is held back."""
    assert judge_imported(load(late=""), parse("p99 <= 50ms")).outcome is GO


@pytest.mark.parametrize(("limit", "outcome"), [("29.9ms", OPEN), ("28ms", NO_GO), ("31ms", GO)])
def test_rounding_decides_nothing(limit: str, outcome: Outcome) -> None:
    """Within half a step of the limit, the verdict is open."""
    assert judge_imported(load(late="", resolution_s=1e-3), parse(f"p99 <= {limit}")).outcome is outcome


@pytest.mark.parametrize("expression", ["lag.p99 <= 1ms", "queued.p99 <= 1ms", "mean <= 1s", "answered.mean <= 1s"])
def test_what_a_file_cannot_tell_is_open(expression: str) -> None:
    """With the reason, and nothing observed."""
    refused = {name: f"the tool {reason}" for name, reason in NOT_TOLD.items()}
    verdict = judge_imported(load(refused=refused), parse(expression))
    assert (verdict.outcome, math.isnan(verdict.observed)) == (OPEN, True)
    assert verdict.reason.startswith("the tool does not tell")


@pytest.mark.parametrize(
    ("expression", "observed"),
    [("p99 <= 1s", 0.08), ("p99 <= 1ms", 0.08), ("answered.p99 <= 1s", 0.08), ("lag.p99 <= 1s", math.nan)],
)
def test_a_summary_decides_nothing(expression: str, observed: float) -> None:
    """However clear its figure is; the figure is shown."""
    imported = Imported("wrk", None, Summary(3000, {"p99": 0.08}))
    verdict = judge_imported(imported, parse(expression))
    assert (verdict.outcome, verdict.n) == (OPEN, 3000)
    assert verdict.observed == pytest.approx(observed, nan_ok=True)
    assert "wrk's summary of 3,000 requests" in verdict.reason

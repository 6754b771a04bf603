"""What to do next, as stories of sessions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gonogo.gate.judgment import CriterionEntry, ReplicaUsage, RunEntry, TestEntry, TestOutcome
from gonogo.gate.next_steps import next_steps
from gonogo.gate.record import Record
from gonogo.manifests.findings import Finding, Severity, Source
from gonogo.verdicts.verdict import Outcome, Verdict

GO, NO_GO, OPEN = Outcome.GO, Outcome.NO_GO, Outcome.INCONCLUSIVE
SUMMARY: dict[str, Any] = {"rate": 100.0, "attack_s": 30.0, "duration_s": 30.0, "due": 3000, "valid": True}


def criterion(
    outcome: Outcome,
    expression: str = "success >= 99.9%",
    *,
    needed: int | None = None,
    n: int = 3000,
    run: str = "load",
) -> CriterionEntry:
    """A criterion on a run, undecided until ``needed`` requests in all."""
    verdict = Verdict(outcome, expression, 0.9995, 0.99, 1.0, 0.999, "share", n, 0.95, "So.", needed)
    return CriterionEntry("f.py::test_a", run, verdict)


def run(name: str = "load", usage: tuple[ReplicaUsage, ...] = (), **summary: object) -> RunEntry:
    """A run of 30 s at 100/s."""
    return RunEntry(name, "f.py::test_a", f"runs/{name}", {**SUMMARY, **summary}, usage)


USED = (
    ReplicaUsage("a/iris/0", 9.0, 2**20, throttled_s=6.0, restarts=2),
    ReplicaUsage("a/iris/1", 9.0, 2**20, throttled_s=0.1),
)
FINDING = Finding("rule", Severity.ERROR, Source("vs.yaml", 3), "VirtualService a/b", "spec", "no route", "set 100.")

STORIES: dict[str, tuple[Record, tuple[str, ...]]] = {
    "more of the same load decides": (
        Record(criteria=(criterion(OPEN, needed=7000),), runs=(run(),)),
        ("40 s more at 100/s decide success >= 99.9% of load.",),
    ),
    "a criterion on one of two targets gets half of the requests": (
        Record(criteria=(criterion(OPEN, needed=3500, n=1500),), runs=(run(),)),
        ("40 s more at 100/s decide success >= 99.9% of load.",),
    ),
    "several open criteria of a run need the longest of them": (
        Record(criteria=(criterion(OPEN, needed=4000), criterion(OPEN, "p99 <= 5ms", needed=21000)), runs=(run(),)),
        ("3 min more at 100/s decide success >= 99.9%, p99 <= 5ms of load.",),
    ),
    "hours are told in hours": (
        Record(criteria=(criterion(OPEN, needed=1_000_000),), runs=(run(),)),
        ("3 h more at 100/s decide success >= 99.9% of load.",),
    ),
    "without a rate, requests are told": (
        Record(criteria=(criterion(OPEN, needed=7000),), runs=(run(rate=None),)),
        ("4,000 more requests decide success >= 99.9% of load.",),
    ),
    "no number of requests is known": (
        Record(criteria=(criterion(OPEN),), runs=(run(),)),
        ("See why success >= 99.9% of load is open: no number of requests is known to decide it.",),
    ),
    "the generator was the limit": (
        Record(criteria=(criterion(OPEN),), runs=(run(valid=False, invalid_reason="it sent late; lower the rate."),)),
        ("Measure load again: it sent late; lower the rate.",),
    ),
    "the run was cut short": (
        Record(criteria=(criterion(OPEN),), runs=(run(facts={"cut_short": "interrupted (Ctrl-C)"}),)),
        ("Let load run to its end: interrupted (Ctrl-C).",),
    ),
    "a criterion does not hold, and the figures say where to look": (
        Record(criteria=(criterion(NO_GO),), runs=(run(usage=USED, status={"200": 2700, "503": 300}),)),
        (
            (
                "Mend the service and judge again. Begin with load and success >= 99.9%: "
                "replicas were restarted 2 times; the CPU limit held 1 replica back for 20 % of the time; "
                "10 % of its requests were answered with 503."
            ),
        ),
    ),
    "where a run is NO-GO, its open criteria wait": (
        Record(criteria=(criterion(NO_GO), criterion(OPEN, "p99 <= 5ms", needed=9000)), runs=(run(),)),
        ("Mend the service and judge again. Begin with load and success >= 99.9%.",),
    ),
    "several runs are NO-GO": (
        Record(
            criteria=(criterion(NO_GO), criterion(NO_GO, run="peak")), runs=(run(), run("peak", errors={"reset": 30}))
        ),
        ("Mend the service and judge again. Begin with load and success >= 99.9%.", "Then see to peak."),
    ),
    "the session was cut short": (Record(complete=False), ("Let the session run to its end.",)),
    "tests failed for reasons of their own": (
        Record(tests=tuple(TestEntry(f"f.py::{name}", TestOutcome.FAILED, f"{name} broke.") for name in ("a", "b"))),
        ("See why a, b failed: a broke.",),
    ),
    "a test failed by its criterion": (
        Record(tests=(TestEntry("f.py::test_a", TestOutcome.FAILED, "assert run.go"),), criteria=(criterion(NO_GO),)),
        ("Mend the service and judge again. Begin with load and success >= 99.9%.",),
    ),
    "a test was skipped": (
        Record(tests=(TestEntry("f.py::test_a", TestOutcome.SKIPPED),)),
        ("Run 1 gate test that was left out: test_a.",),
    ),
    "a manifest is wrong": (Record(findings=(FINDING,)), ("Mend vs.yaml:3: set 100.",)),
}


@pytest.mark.parametrize(("record", "steps"), STORIES.values(), ids=STORIES.keys())
def test_the_next_step_is_told(record: Record, steps: tuple[str, ...]) -> None:
    """One sentence each, the most urgent first."""
    worst = NO_GO if any(entry.verdict.outcome is NO_GO for entry in record.criteria) else OPEN
    assert next_steps(record, worst) == steps


def test_after_go_nothing_is_left_to_do() -> None:
    """And it is said."""
    assert next_steps(Record(), GO) == ("Nothing more is needed: every criterion of this scope holds.",)


def test_more_than_four_steps_are_counted() -> None:
    """A first screen has room for four lines."""
    findings = tuple(replace(FINDING, source=Source("vs.yaml", line)) for line in range(9))
    steps = next_steps(Record(findings=findings), OPEN)
    assert len(steps) == 4
    assert steps[-1] == "Then see to 6 more below."

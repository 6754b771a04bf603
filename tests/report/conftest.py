"""Judgments and runs to report on: real ledgers and real rows, made up by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest

from gonogo.gate.cause import Cause
from gonogo.gate.experiment import Attachment, Curve, ExperimentEntry, Step
from gonogo.gate.judgment import (
    CriterionEntry,
    Judgment,
    ReplicaSeries,
    ReplicaUsage,
    RunEntry,
    TestEntry,
    TestOutcome,
)
from gonogo.gate.ledger import Ledger
from gonogo.manifests.findings import Finding, Severity, Source
from gonogo.runs.run import Columns, Run, RunFacts
from gonogo.runs.summary import summarize
from gonogo.verdicts.verdict import Outcome, Verdict

MakeRun = Callable[..., Run]
MakeJudgment = Callable[..., Judgment]


def build_run(name: str = "load", *, requests: int = 1000, rate: float = 100.0, failing: float = 0.0) -> Run:
    """A run at a constant rate with log-normal latencies around 4 ms; a share of it fails by timeout."""
    rng = np.random.default_rng(3)
    due = np.arange(requests) / rate
    latency = rng.lognormal(math.log(0.004), 0.4, requests)
    failed = rng.random(requests) < failing
    columns = Columns(
        due_s=due,
        queued_s=np.zeros(requests),
        sent_s=due + 2e-5,
        first_byte_s=np.where(failed, np.nan, due + latency * 0.9),
        done_s=np.where(failed, due + 10, due + latency),
        status=np.where(failed, 0, 200).astype(np.int16),
        error=np.where(failed, 1, 0).astype(np.int8),
        success=~failed,
        bytes_in=np.full(requests, 200),
        bytes_out=np.full(requests, 180),
        connection=np.zeros(requests, np.int32),
        target=np.zeros(requests, np.int16),
    )
    facts = RunFacts(name, ("POST /predict",), rate, requests / rate, requests / rate, 0.01, 10.0, 256)
    return Run(columns, facts)


def build_judgment(
    text: str = "plain", *, runs: int = 1, complete: bool = True, outcome: Outcome = Outcome.NO_GO
) -> Judgment:
    """A judgment with something in every field; ``text`` stands wherever a suite or a service chooses the words."""
    ledger = Ledger()
    ledger.record_scope(text)
    ledger.record_provenance(
        {
            "started_at": "2025-06-01T12:00:00+00:00",
            "machine": {"host": text, "cores": 2, "cpu": text, "memory": "8 GiB"},
            "commit": "0123456789abcdef0123456789abcdef01234567",
            "model": text,
            "settings": {text: [text, 1, None]},
        }
    )
    for index in range(runs):
        test, name = f"suites/{text}.py::test_{text}_{index}", f"{text}-{index}"
        summary = {**summarize(build_run()), "errors": {text: 3}, "valid": False, "invalid_reason": text}
        usage = ReplicaUsage(text, 4.0, 2**28, None, 1, (text,))
        series = ReplicaSeries(
            text, (1.0, 2.0, 3.0), (0.1, 0.5, 0.2), (2**20, 2**21, 2**20), (0.0, 0.4, 0.0), 0.5, 2**22
        )
        entry = RunEntry(name, test, f"runs/{index}", summary, (usage,), notes=(text,), usage_over_time=(series,))
        ledger.record_run(entry)
        for expression, observed, low, high, limit, unit in FIGURES:
            verdict = Verdict(outcome, expression, observed, low, high, limit, unit, 1000, 0.95, text)
            ledger.record_criterion(CriterionEntry(test, name, verdict))
        ledger.record_criterion(
            CriterionEntry(test, name, Verdict(outcome, text, 1.0, 0.0, 2.0, 3.0, "count", 4, 1.0, text))
        )
        ledger.record_test(TestEntry(test, TestOutcome.FAILED, text, 1.0, text, Cause.UNDECIDED))
    ledger.record_findings([Finding("a-rule", Severity.WARNING, Source(text, 3), text, text, text, text)])
    ledger.record_experiment(
        ExperimentEntry(
            text,
            f"suites/{text}.py::test_{text}_0",
            "capacity",
            text,
            (Step(1.0, text, (("p99", text),), outcome, text, f"{text}-0"), Step(2.5, "done")),
            (Curve(text, text, text, "/s", "s", ((100.0, 0.01), (200.0, 0.5)), 0.1, ((180.0, text),)),),
            (Attachment(text, text),),
        )
    )
    ledger.record_not_tested(text)
    ledger.record_obstacle(text)
    ledger.record_earlier(text, _earlier(text))
    return ledger.judgment(complete=complete)


def _earlier(text: str) -> Judgment:
    """The last judgment of the same scope: one criterion was better, one is judged no more."""
    verdicts = [
        Verdict(Outcome.GO, expression, 0.01, 0.009, 0.011, 0.05, "s", 1000, 0.95, text)
        for expression in ("p50 <= 50ms", text, "max < 3s")
    ]
    criteria = tuple(CriterionEntry(f"suites/{text}.py::test_{text}_0", text, verdict) for verdict in verdicts)
    provenance = {"started_at": "2025-05-01T12:00:00+00:00", "model": "another", "manifests": {text: "1"}}
    return Judgment(Outcome.GO, text, complete=True, scope=text, criteria=criteria, provenance=provenance)


FIGURES = (
    ("p99[POST /predict] <= 50ms", math.inf, math.inf, math.inf, 0.05, "s"),
    ("p50 <= 50ms", math.nan, -math.inf, math.inf, 0.05, "s"),
    ("success >= 99.9%", 0.64, 0.62, 0.66, 0.999, "share"),
    ("status[503] between 10% and 30%", 0.2, 0.19, 0.21, 0.1, "share"),
    ("throughput >= 480/s", 499.0, 498.0, 500.0, 480.0, "/s"),
    ("requests == 1000", 1000.0, 1000.0, 1000.0, 1000.0, "count"),
)


@pytest.fixture
def make_run() -> MakeRun:
    """Return :func:`build_run`."""
    return build_run


@pytest.fixture
def make_judgment() -> MakeJudgment:
    """Return :func:`build_judgment`."""
    return build_judgment


@pytest.fixture
def good() -> Judgment:
    """A complete session that is GO: one test, one criterion, one run."""
    ledger = Ledger()
    # As summary.json holds it: tuples of the facts are lists there.
    summary = json.loads(json.dumps(summarize(build_run())))
    ledger.record_run(RunEntry("load", "f.py::test_a", "runs/load", summary))
    verdict = Verdict(Outcome.GO, "p99 <= 50ms", 0.01, 0.009, 0.011, 0.05, "s", 1000, 0.95, "It holds.")
    ledger.record_criterion(CriterionEntry("f.py::test_a", "load", verdict))
    ledger.record_test(TestEntry("f.py::test_a", TestOutcome.PASSED, duration_s=1.0, title="It holds its rate"))
    return ledger.judgment(complete=True)

"""The rule of a session's verdict, as tables that tell what happened and what follows."""

from __future__ import annotations

import math

import pytest

from gonogo.gate.cause import Cause
from gonogo.gate.judgment import CriterionEntry, RunEntry, TestEntry, TestOutcome
from gonogo.gate.record import Record
from gonogo.gate.rule import decide
from gonogo.manifests.findings import Finding, Severity, Source
from gonogo.verdicts.verdict import Outcome, Verdict

GO, NO_GO, OPEN = Outcome.GO, Outcome.NO_GO, Outcome.INCONCLUSIVE
TEST = "suites/load/test_load.py::test_holds"


def criterion(outcome: Outcome, *, test: str = TEST, observed: float = 3.1, offline: bool = False) -> CriterionEntry:
    """A p99 of 3.1 s against 50 ms, whatever its outcome is said to be."""
    verdict = Verdict(outcome, "p99 <= 50ms", observed, 2.9, 3.3, 0.05, "s", 60_000, 0.95, "The data say so.")
    return CriterionEntry(test, "load", verdict, offline=offline)


def gate_test(outcome: TestOutcome, cause: Cause = Cause.NONE, *, name: str = TEST, reason: str = "") -> TestEntry:
    """A gate test that ended like that."""
    return TestEntry(name, outcome, reason, cause=cause)


def unfinished(
    tests: tuple[TestEntry, ...], criteria: tuple[CriterionEntry, ...] = (), interruption: str = ""
) -> Record:
    """A session that did not come to its end."""
    return Record(tests, criteria, complete=False, interruption=interruption)


PASSED = gate_test(TestOutcome.PASSED)
FINDING = Finding("weights-sum", Severity.ERROR, Source("vs.yaml", 3), "VirtualService a/b", "spec", "no route", "mend")
RUN = RunEntry("load", TEST, "runs/load", {"rate": 999.98})


STORIES = {
    "all is well": (Record((PASSED,), (criterion(GO),)), GO),
    "a gate test without criteria passed": (Record((PASSED,)), GO),
    "a run without criteria is an observation": (Record((PASSED,), runs=(RUN,)), GO),
    "a criterion does not hold and the test forgot to assert it": (Record((PASSED,), (criterion(NO_GO),)), NO_GO),
    "one criterion holds and one is undecided": (Record((PASSED,), (criterion(GO), criterion(OPEN))), OPEN),
    "no-go is worse than undecided": (Record((PASSED,), (criterion(OPEN), criterion(NO_GO))), NO_GO),
    "a plain assertion failed": (Record((gate_test(TestOutcome.FAILED, Cause.ASSERTION),)), NO_GO),
    "a test failed by an exception of its own": (Record((gate_test(TestOutcome.FAILED, Cause.OTHER),)), NO_GO),
    "a test failed and nobody said why": (Record((gate_test(TestOutcome.FAILED),)), NO_GO),
    "an undecided verdict was asserted": (
        Record((gate_test(TestOutcome.FAILED, Cause.UNDECIDED),), (criterion(OPEN),)),
        OPEN,
    ),
    "an undecided verdict was asserted, with nothing else to judge": (
        Record((gate_test(TestOutcome.FAILED, Cause.UNDECIDED),)),
        OPEN,
    ),
    "an assertion failed on a measurement that was none": (
        Record((gate_test(TestOutcome.FAILED, Cause.ASSERTION),), (criterion(OPEN),)),
        OPEN,
    ),
    "an assertion failed beside a criterion that holds": (
        Record((gate_test(TestOutcome.FAILED, Cause.ASSERTION),), (criterion(OPEN), criterion(GO))),
        NO_GO,
    ),
    "an assertion failed, and another test's criterion is undecided": (
        Record((gate_test(TestOutcome.FAILED, Cause.ASSERTION),), (criterion(OPEN, test="other"),)),
        NO_GO,
    ),
    "the stack did not start": (Record((gate_test(TestOutcome.ERROR, Cause.STACK),)), NO_GO),
    "the stack died under a run that decided nothing": (
        Record((gate_test(TestOutcome.FAILED, Cause.STACK),), (criterion(OPEN),)),
        NO_GO,
    ),
    "a fixture's assertion failed": (Record((gate_test(TestOutcome.ERROR, Cause.ASSERTION),)), NO_GO),
    "a fixture broke": (Record((gate_test(TestOutcome.ERROR, Cause.OTHER),)), OPEN),
    "the machine lacks a part": (Record((gate_test(TestOutcome.ERROR, Cause.ENVIRONMENT),)), OPEN),
    "a manifest cannot be read": (Record((gate_test(TestOutcome.ERROR, Cause.USAGE),)), OPEN),
    "a test named a service that does not exist": (Record((gate_test(TestOutcome.FAILED, Cause.USAGE),)), OPEN),
    "a gate test was skipped": (Record((PASSED, gate_test(TestOutcome.SKIPPED, name="b"))), OPEN),
    "a gate test is expected to fail": (Record((PASSED, gate_test(TestOutcome.XFAILED, name="b"))), OPEN),
    "a gate test was deselected": (Record((PASSED, gate_test(TestOutcome.DESELECTED, name="b"))), OPEN),
    "a gate test did not run": (Record((PASSED, gate_test(TestOutcome.NOT_RUN, name="b"))), OPEN),
    "there was no gate test": (Record(), OPEN),
    "only deselected gate tests": (Record((gate_test(TestOutcome.DESELECTED),)), OPEN),
    "a listed gate ran": (Record((PASSED,), gates=("suites/load",)), GO),
    "a listed gate is one test": (Record((PASSED,), gates=(TEST,)), GO),
    "a listed gate did not run": (Record((PASSED,), gates=("suites/lo",)), OPEN),
    "a listed gate was only deselected": (
        Record((PASSED, gate_test(TestOutcome.DESELECTED, name="b/c.py::d")), gates=("b",)),
        OPEN,
    ),
    "a manifest declares what cannot hold": (Record((PASSED,), findings=(FINDING,)), OPEN),
    "somebody recorded an obstacle": (Record((PASSED,), obstacles=("The clock jumped",)), OPEN),
    "the session is not at its end": (unfinished((PASSED,), (criterion(GO),)), OPEN),
    "the session was cut short": (unfinished((PASSED,), interruption="Ctrl-C"), OPEN),
    "the session was cut short after a no-go": (unfinished((PASSED,), (criterion(NO_GO),)), NO_GO),
    "all criteria rest on stored data": (Record((PASSED,), (criterion(GO, offline=True),)), OPEN),
    "stored data beside a run": (Record((PASSED,), (criterion(GO, offline=True),), runs=(RUN,)), GO),
    "stored data beside a service": (Record((PASSED,), (criterion(GO, offline=True), criterion(GO))), GO),
}


@pytest.mark.parametrize(("record", "outcome"), STORIES.values(), ids=STORIES.keys())
def test_the_verdict_follows_from_the_story(record: Record, outcome: Outcome) -> None:
    """Each story has the verdict that docs/judgment.md promises."""
    assert decide(record).outcome is outcome


REASONS = {
    "names measure, rate, figure and limit": (
        Record((PASSED,), (criterion(NO_GO),), (RUN,)),
        "p99 at 1,000/s is 3.1 s; the limit is 50 ms.",
    ),
    "counts what is as bad": (
        Record(
            (
                PASSED,
                gate_test(TestOutcome.FAILED, Cause.ASSERTION, name="x::b"),
                gate_test(TestOutcome.SKIPPED, name="c"),
            ),
            (criterion(NO_GO), criterion(NO_GO, observed=0.06)),
            (RUN,),
        ),
        "p99 at 1,000/s is 3.1 s; the limit is 50 ms … and 2 more.",
    ),
    "says when nothing was answered": (
        Record((PASSED,), (criterion(NO_GO, observed=math.inf),)),
        "p99 is beyond any limit, because too many requests were not answered; the limit is 50 ms.",
    ),
    "a failure that a criterion explains is not told twice": (
        Record((gate_test(TestOutcome.FAILED, Cause.ASSERTION, reason="assert run.go"),), (criterion(NO_GO),)),
        "p99 is 3.1 s; the limit is 50 ms.",
    ),
    "a stack that did not start comes before all": (
        Record(
            (
                gate_test(TestOutcome.ERROR, Cause.STACK, name="f::a", reason="svc a/iris-svc did not get ready."),
                gate_test(TestOutcome.ERROR, Cause.STACK, name="f::b", reason="svc a/iris-svc did not get ready."),
            ),
            (criterion(NO_GO),),
        ),
        "Svc a/iris-svc did not get ready (in a, b) … and 1 more.",
    ),
    "a failed test is named with its reason": (
        Record((gate_test(TestOutcome.FAILED, Cause.ASSERTION, reason="assert 'rf' == 'svc'"),)),
        "test_holds failed: assert 'rf' == 'svc'.",
    ),
    "undecided says why": (
        Record((PASSED,), (criterion(OPEN),), (RUN,)),
        "p99 at 1,000/s is undecided: the data say so.",
    ),
    "an unfinished session says so first": (
        unfinished((PASSED, gate_test(TestOutcome.NOT_RUN, name="b")), (criterion(OPEN),)),
        "The session is not finished or was cut short: 1 of 2 gate tests came to an end … and 2 more.",
    ),
    "an interruption is named": (
        unfinished((PASSED,), interruption="Ctrl-C was pressed."),
        "The session was cut short: Ctrl-C was pressed; 1 of 1 gate test came to an end.",
    ),
    "skipped tests are named with their reasons": (
        Record((PASSED, gate_test(TestOutcome.SKIPPED, name="b", reason="needs docker"))),
        "1 gate test skipped: b (needs docker).",
    ),
    "GO counts what it rests on": (
        Record((PASSED,), (criterion(GO, observed=0.046),), (RUN,)),
        "1 criterion holds and 1 gate test passed; closest to its limit: p99 at 1,000/s is 46 ms; the limit is 50 ms.",
    ),
    "GO without criteria says so": (
        Record((PASSED, gate_test(TestOutcome.PASSED, name="b"))),
        "All 2 gate tests passed; no criterion was measured.",
    ),
}


@pytest.mark.parametrize(("record", "reason"), REASONS.values(), ids=REASONS.keys())
def test_the_reason_names_the_worst_thing_first(record: Record, reason: str) -> None:
    """The reason is one plain sentence about the worst thing."""
    assert decide(record).reason == reason


def test_obstacles_list_everything_that_forbids_go_beside_criteria() -> None:
    """Each obstacle has a line of its own, and failures have none."""
    record = Record(
        (PASSED, gate_test(TestOutcome.SKIPPED, name="b"), gate_test(TestOutcome.FAILED, Cause.ASSERTION, name="c")),
        (criterion(NO_GO),),
        findings=(FINDING,),
        gates=("suites/shadow",),
    )
    assert decide(record).obstacles == (
        "1 gate test skipped: b",
        "The gate suites/shadow, listed in the settings, did not run",
        "vs.yaml:3 declares what cannot hold: VirtualService a/b spec: no route",
    )

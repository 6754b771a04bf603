"""The ledger keeps what a session says, and its judgment follows from nothing else."""

from __future__ import annotations

from gonogo.gate.cause import Cause
from gonogo.gate.judgment import CriterionEntry, RunEntry, TestEntry, TestOutcome
from gonogo.gate.ledger import Ledger
from gonogo.verdicts.verdict import Outcome, Verdict

GOOD = Verdict(Outcome.GO, "p99 <= 50ms", 0.04, 0.03, 0.045, 0.05, "s", 1000, 0.95, "It holds.")
BAD = Verdict(Outcome.NO_GO, "success >= 99.9%", 0.64, 0.63, 0.65, 0.999, "share", 1000, 0.95, "It does not.")


def passing() -> Ledger:
    """A ledger of one good test."""
    ledger = Ledger()
    ledger.expect_test("f.py::a", title="It holds its rate")
    ledger.record_test(TestEntry("f.py::a", TestOutcome.PASSED, duration_s=1.0))
    ledger.record_criterion(CriterionEntry("f.py::a", "run", GOOD))
    return ledger


def test_an_empty_session_is_not_go() -> None:
    """Nothing recorded is nothing known."""
    assert Ledger().judgment(complete=True).outcome is Outcome.INCONCLUSIVE


def test_a_complete_good_session_is_go() -> None:
    """One passed gate test whose criterion holds is GO."""
    assert passing().judgment(complete=True).outcome is Outcome.GO


def test_an_incomplete_session_is_never_go() -> None:
    """The same record is INCONCLUSIVE as long as the session goes on."""
    judgment = passing().judgment(complete=False)
    assert (judgment.outcome, judgment.complete) == (Outcome.INCONCLUSIVE, False)


def test_an_interrupted_session_is_never_complete() -> None:
    """Whoever calls it complete after an interruption is not believed."""
    ledger = passing()
    ledger.record_interruption("Ctrl-C")
    judgment = ledger.judgment(complete=True)
    assert (judgment.outcome, judgment.complete) == (Outcome.INCONCLUSIVE, False)


def test_the_first_reason_of_an_interruption_stays() -> None:
    """What follows an interruption does not hide what began it."""
    ledger = passing()
    ledger.record_interruption("Ctrl-C")
    ledger.record_interruption("the stack was stopped")
    assert "Ctrl-C" in ledger.judgment(complete=True).reason


def test_judging_changes_nothing() -> None:
    """Two judgments of the same record are equal."""
    ledger = passing()
    assert ledger.judgment(complete=True) == ledger.judgment(complete=True)


def test_an_expected_test_that_never_reports_forbids_go() -> None:
    """What was selected and did not run is listed as such."""
    ledger = passing()
    ledger.expect_test("f.py::b")
    judgment = ledger.judgment(complete=True)
    assert judgment.outcome is Outcome.INCONCLUSIVE
    assert judgment.tests[1].outcome is TestOutcome.NOT_RUN


def test_a_rerun_cannot_undo_a_failure() -> None:
    """The first of several attempts counts, and the attempts are counted."""
    ledger = Ledger()
    ledger.record_test(TestEntry("a", TestOutcome.FAILED, "assert 1 == 2", cause=Cause.ASSERTION))
    ledger.record_test(TestEntry("a", TestOutcome.PASSED), attempt=2)
    ledger.record_test(TestEntry("a", TestOutcome.PASSED), attempt=3)
    judgment = ledger.judgment(complete=True)
    assert judgment.outcome is Outcome.NO_GO
    assert (judgment.tests[0].outcome, judgment.tests[0].attempts) == (TestOutcome.FAILED, 3)


def test_a_teardown_that_breaks_spoils_a_passed_test() -> None:
    """Phases of one attempt merge: what broke stays, times add up, the title is kept."""
    ledger = passing()
    ledger.record_test(TestEntry("f.py::a", TestOutcome.ERROR, "it hangs", 0.5, cause=Cause.OTHER))
    assert ledger.judgment(complete=True).tests == (
        TestEntry("f.py::a", TestOutcome.ERROR, "it hangs", 1.5, "It holds its rate", Cause.OTHER),
    )


def test_a_teardown_that_passes_does_not_hide_a_failure() -> None:
    """A later phase that went well changes nothing."""
    ledger = Ledger()
    ledger.record_test(TestEntry("a", TestOutcome.SKIPPED, "no docker"))
    ledger.record_test(TestEntry("a", TestOutcome.PASSED))
    assert ledger.judgment(complete=True).tests[0].outcome is TestOutcome.SKIPPED


def test_the_same_criterion_twice_counts_once() -> None:
    """Judging a run again by the same criterion with the same outcome adds no line."""
    ledger = passing()
    ledger.record_criterion(CriterionEntry("f.py::a", "run", GOOD))
    assert len(ledger.judgment(complete=True).criteria) == 1


def test_criteria_come_worst_first() -> None:
    """A NO-GO that was recorded last is listed first."""
    ledger = passing()
    ledger.record_criterion(CriterionEntry("f.py::a", "run", BAD))
    outcomes = [entry.verdict.outcome for entry in ledger.judgment(complete=True).criteria]
    assert outcomes == [Outcome.NO_GO, Outcome.GO]


def test_a_run_that_is_recorded_again_replaces_itself() -> None:
    """Names of runs are unique in a judgment."""
    ledger = passing()
    ledger.record_run(RunEntry("run", "f.py::a", "runs/run", {"requests": 1}))
    ledger.record_run(RunEntry("run", "f.py::a", "runs/run", {"requests": 2}))
    assert [entry.summary["requests"] for entry in ledger.judgment(complete=True).runs] == [2]


def test_notes_and_provenance_are_passed_on() -> None:
    """Scope, provenance and what was not tested stand in the judgment and decide nothing."""
    ledger = passing()
    ledger.record_scope("-m loadtest")
    ledger.record_provenance({"commit": "abc", "platform": "process"})
    ledger.record_provenance({"platform": "docker"})
    ledger.record_not_tested("memory limits")
    ledger.record_not_tested("memory limits")
    judgment = ledger.judgment(complete=True)
    assert judgment.outcome is Outcome.GO
    assert judgment.scope == "-m loadtest"
    assert judgment.provenance == {"commit": "abc", "platform": "docker"}
    assert judgment.not_tested == ("memory limits",)


def test_the_first_attempt_counts_whichever_way_it_went() -> None:
    """A later attempt adds neither its outcome nor its time."""
    ledger = passing()
    ledger.record_test(TestEntry("f.py::a", TestOutcome.FAILED, "flaky", 5.0, cause=Cause.ASSERTION), attempt=2)
    assert ledger.judgment(complete=True).tests == (
        TestEntry("f.py::a", TestOutcome.PASSED, "", 1.0, "It holds its rate", attempts=2),
    )

"""NO-GO by chance: of many criteria one may fail though the service is good, so the session asks for more."""

from __future__ import annotations

import pytest

from gonogo.gate.cause import Cause
from gonogo.gate.judgment import CriterionEntry, TestEntry, TestOutcome
from gonogo.gate.ledger import Ledger
from gonogo.verdicts.verdict import Outcome, Verdict

GO, NO_GO, OPEN = Outcome.GO, Outcome.NO_GO, Outcome.INCONCLUSIVE
TEST = "f.py::test_a"


def session(
    p: float | None, *, others: int = 20, reason: str = "assert load is NO-GO", hold_chance: bool = True
) -> Ledger:
    """A NO-GO with a p-value among criteria that hold; the test asserted the run and failed."""
    ledger = Ledger(hold_chance=hold_chance)
    for index in range(others):
        verdict = Verdict(GO, f"p99 <= {index + 1}s", 0.01, 0.0, 0.02, 1.0 + index, "s", 1000, 0.95, "It holds.", p=0.9)
        ledger.record_criterion(CriterionEntry(TEST, "load", verdict))
    verdict = Verdict(NO_GO, "p99 <= 5ms", 0.01, 0.006, 0.02, 0.005, "s", 1000, 0.95, "It does not hold.", p=p)
    ledger.record_criterion(CriterionEntry(TEST, "load", verdict))
    ledger.record_test(TestEntry(TEST, TestOutcome.FAILED, reason, cause=Cause.ASSERTION))
    return ledger


@pytest.mark.parametrize(("p", "outcome"), [(0.04, OPEN), (0.0001, NO_GO), (None, NO_GO)])
def test_a_no_go_that_may_be_chance_is_open(p: float | None, outcome: Outcome) -> None:
    """One of 21 figures with p = 4 % is expected of a good service; one with 0.01 % is not."""
    assert session(p).judgment(complete=True).outcome is outcome


def test_without_the_correction_every_no_go_stands() -> None:
    """It can be left out, for those who judge each criterion on its own."""
    assert session(0.04, hold_chance=False).judgment(complete=True).outcome is NO_GO


def test_sessions_are_held_unless_said_otherwise() -> None:
    """A ledger that nobody asked for anything does not refuse a service by chance."""
    ledger = Ledger()
    for index in range(100):
        verdict = Verdict(GO, f"p99 <= {index + 1}s", 0.01, 0.0, 0.02, 1.0 + index, "s", 1000, 0.95, "It holds.", p=0.9)
        ledger.record_criterion(CriterionEntry(TEST, "load", verdict))
    verdict = Verdict(NO_GO, "p99 <= 5ms", 0.01, 0.006, 0.02, 0.005, "s", 1000, 0.95, "It does not hold.", p=0.04)
    ledger.record_criterion(CriterionEntry(TEST, "load", verdict))
    assert all(entry.verdict.outcome is not NO_GO for entry in ledger.judgment(complete=True).criteria)


def test_one_overload_among_a_hundred_criteria_is_no_go() -> None:
    """A session is not too large to see what is obvious."""
    assert session(1e-6, others=99).judgment(complete=True).outcome is NO_GO


def test_a_single_criterion_needs_no_correction() -> None:
    """Alone, 4 % is what its confidence allows."""
    assert session(0.04, others=0).judgment(complete=True).outcome is NO_GO


def test_the_judgment_says_why_it_is_open() -> None:
    """The criterion keeps what it would be alone."""
    criteria = session(0.04).judgment(complete=True).criteria
    assert [entry.verdict.outcome for entry in criteria].count(OPEN) == 1
    assert "Alone this is NO-GO; among the 21 criteria of the session" in criteria[0].verdict.reason


def test_another_assertion_still_speaks_against_the_service() -> None:
    """What a test found beside the run is no chance of the run's."""
    assert session(0.04, reason="assert 3 == 4").judgment(complete=True).outcome is NO_GO

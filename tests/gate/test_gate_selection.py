"""Gates of the settings count inside of the selection, and only there."""

from __future__ import annotations

import pytest

from gonogo.gate.judgment import TestEntry, TestOutcome
from gonogo.gate.ledger import Ledger
from gonogo.gate.selection import Selection, belongs
from gonogo.verdicts.verdict import Outcome

LOAD, CANARY = "suites/load", "suites/canary"
A, B = f"{LOAD}/test_load.py::test_a", f"{CANARY}/test_canary.py::test_b"

STORIES = {
    "everything is selected": (Selection(), (), True),
    "the gate itself": (Selection((CANARY,)), (), True),
    "a folder above it": (Selection(("suites/",)), (), True),
    "the whole project": (Selection((".",)), (), True),
    "one test in it": (Selection((f"./{B}",)), (), True),
    "another suite": (Selection((LOAD,)), (A,), False),
    "a suite whose name begins alike": (Selection((f"{CANARY}-2",)), (), False),
    "-m leaves out all of it": (Selection((), (B,)), (A,), False),
    "-m leaves out a part of it": (Selection((), (B,)), (f"{CANARY}/test_canary.py::test_c",), True),
    "-m leaves out tests elsewhere, and here nothing was found": (Selection((), (A,)), (), True),
}


@pytest.mark.parametrize(("selection", "tests", "inside"), STORIES.values(), ids=STORIES.keys())
def test_what_was_selected_decides(selection: Selection, tests: tuple[str, ...], inside: bool) -> None:  # noqa: FBT001
    """The gate ``suites/canary`` under each selection."""
    assert selection.covers(CANARY, tests) is inside


@pytest.mark.parametrize(
    ("test", "suite", "expected"),
    [
        (A, LOAD, True),
        (A, "suites/lo", False),
        (A, f"{LOAD}/test_load.py", True),
        (f"{A}[1]", A, True),
        (f"{A}_more", A, False),
    ],
)
def test_a_test_belongs_to_its_folder_file_and_parameters(test: str, suite: str, expected: bool) -> None:  # noqa: FBT001
    """By whole parts of its path."""
    assert belongs(test, suite) is expected


def ledger(selection: Selection) -> Ledger:
    """A session with two gates in its settings, of which one ran."""
    made = Ledger()
    made.record_scope("some", selection)
    made.expect_gates([LOAD, CANARY])
    made.record_test(TestEntry(A, TestOutcome.PASSED))
    return made


def test_a_gate_outside_of_the_selection_forbids_nothing_and_is_named() -> None:
    """GO for what was asked, with the rest among what was not tested."""
    judgment = ledger(Selection((LOAD,))).judgment(complete=True)
    assert judgment.outcome is Outcome.GO
    assert judgment.not_tested == (f"The gate {CANARY}, listed in the settings, is outside of what was selected",)


def test_a_gate_inside_of_it_that_did_not_run_forbids_go() -> None:
    """And running it is what to do next."""
    judgment = ledger(Selection()).judgment(complete=True)
    assert judgment.outcome is Outcome.INCONCLUSIVE
    assert judgment.next_steps == (f"Run {CANARY}: listed in the settings as a gate.",)

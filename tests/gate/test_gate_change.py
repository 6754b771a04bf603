"""What is different from the last kept judgment."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gonogo.gate.change import change_since, grade, latest
from gonogo.gate.judgment import CriterionEntry, Judgment
from gonogo.gate.ledger import Ledger
from gonogo.verdicts.verdict import Outcome, Verdict

GO, NO_GO, OPEN = Outcome.GO, Outcome.NO_GO, Outcome.INCONCLUSIVE


def criterion(outcome: Outcome, observed: float = 0.01, expression: str = "p99 <= 50ms") -> CriterionEntry:
    """A criterion with an interval of a tenth around its figure."""
    verdict = Verdict(outcome, expression, observed, 0.9 * observed, 1.1 * observed, 0.05, "s", 1000, 0.95, "So.")
    return CriterionEntry("f.py::test_a", "load", verdict)


def judgment(*criteria: CriterionEntry, outcome: Outcome = GO, complete: bool = True, **provenance: Any) -> Judgment:  # noqa: ANN401
    """A judgment of one scope."""
    return Judgment(outcome, "So.", complete, "all", tuple(criteria), provenance=provenance)


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        ((criterion(GO),), (criterion(NO_GO, 3.0),), 4),
        ((criterion(GO),), (criterion(OPEN),), 2),
        ((criterion(NO_GO, 3.0),), (criterion(GO),), -4),
        ((criterion(GO, 0.01),), (criterion(GO, 0.02),), 1),
        ((criterion(GO, 0.02),), (criterion(GO, 0.01),), -1),
        ((criterion(GO, 0.9, "throughput >= 1/s"),), (criterion(GO, 0.5, "throughput >= 1/s"),), 1),
        ((), (criterion(NO_GO, 3.0),), 2),
        ((), (criterion(GO),), 0),
        ((criterion(NO_GO),), (), 0),
    ],
)
def test_a_change_has_a_direction(
    before: tuple[CriterionEntry, ...], now: tuple[CriterionEntry, ...], worse: int
) -> None:
    """Outcomes that got worse, and figures that moved to the wrong side, are worse; a new failure is, too."""
    change = change_since("judgment-1", judgment(*before), judgment(*now))
    assert [grade(one) for one in change.criteria] == [worse]


def test_figures_whose_intervals_overlap_are_the_same() -> None:
    """Two measurements of one service differ a little."""
    change = change_since("judgment-1", judgment(criterion(GO, 0.0100)), judgment(criterion(GO, 0.0105)))
    assert (change.criteria, change.same) == ((), 1)


def test_worse_comes_first_then_better_then_new() -> None:
    """A reader sees first what speaks against the release."""
    before = judgment(criterion(GO), criterion(NO_GO, expression="p50 <= 1ms"))
    now = judgment(
        criterion(NO_GO, 3.0), criterion(GO, expression="p50 <= 1ms"), criterion(GO, expression="success >= 1%")
    )
    shown = [(one.expression, one.before, one.now) for one in change_since("x", before, now).criteria]
    assert shown == [("p99 <= 50ms", GO, NO_GO), ("p50 <= 1ms", NO_GO, GO), ("success >= 1%", None, GO)]


def test_of_a_criterion_judged_twice_the_worst_counts() -> None:
    """As for the verdict of the session."""
    change = change_since("x", judgment(criterion(GO)), judgment(criterion(GO), criterion(NO_GO, 3.0)))
    assert [one.now for one in change.criteria] == [NO_GO]


def test_a_criterion_that_is_gone_has_no_figure_now() -> None:
    """Nothing was observed of it."""
    change = change_since("x", judgment(criterion(GO)), judgment())
    assert math.isnan(change.criteria[0].observed_now)


def test_what_was_judged_is_compared_by_name() -> None:
    """Commit, model, and each manifest by itself; when and where it ran is no difference."""
    before = judgment(commit="a", model="1", manifests={"x.yaml": "1", "y.yaml": "1"}, started_at="then")
    now = judgment(commit="b", model="1", manifests={"x.yaml": "2", "y.yaml": "1", "z.yaml": "1"}, started_at="now")
    assert change_since("x", before, now).facts == ("commit", "x.yaml", "z.yaml")


def test_the_newest_complete_judgment_of_the_scope_is_taken() -> None:
    """Others say nothing about this one."""
    candidates = [
        ("judgment-1", judgment(started_at="2025-06-01T12:00:00+00:00")),
        ("judgment-2", judgment(started_at="2025-06-02T12:00:00+00:00")),
        ("judgment-3", judgment(started_at="2025-06-03T12:00:00+00:00", complete=False)),
        ("judgment-4", Judgment(GO, "So.", complete=True, scope="other")),
    ]
    found = latest("all", candidates)
    assert found is not None
    assert found[0] == "judgment-2"
    assert latest("nothing", candidates) is None


def test_the_ledger_tells_the_change() -> None:
    """Once it knows with what to compare."""
    ledger = Ledger()
    ledger.record_criterion(criterion(NO_GO, 3.0))
    assert ledger.judgment(complete=True).change is None
    ledger.record_earlier("judgment-1", judgment(criterion(GO)))
    change = ledger.judgment(complete=True).change
    assert change is not None
    assert (change.since, change.before, len(change.criteria)) == ("judgment-1", GO, 1)

"""Criteria that are watched while a run goes on."""

from __future__ import annotations

import numpy as np
import pytest

from gonogo.errors import UsageError
from gonogo.verdicts.evidence import Evidence, Fact, Proportion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.sequential import Sequential, is_final
from gonogo.verdicts.verdict import Outcome


def _share(hits: int, n: int) -> Proportion:
    blocks = min(200, n)
    per_block = np.diff(np.arange(blocks + 1) * hits // blocks)
    return Proportion(per_block, np.diff(np.arange(blocks + 1) * n // blocks), "errors")


ERRORS = parse("errors <= 1%")


@pytest.mark.parametrize(
    ("hits", "outcome"), [(0, Outcome.GO), (300, Outcome.NO_GO), (10, None)], ids=["good", "bad", "open"]
)
def test_a_look_decides_what_is_clear(hits: int, outcome: Outcome | None) -> None:
    """A thousand requests decide for a clearly good and against a clearly bad service, and leave the rest open."""
    (verdict,) = Sequential((ERRORS,)).look([_share(hits, 1000)]).decided
    assert (verdict.outcome if verdict is not None else None) is outcome


def test_what_is_decided_stays() -> None:
    """A decision stands whatever comes after it, as its error was spent at that look."""
    first = Sequential((ERRORS,)).look([_share(0, 1000)])
    assert first.look([_share(500, 2000)]).decided == first.decided


def test_no_go_is_a_decision() -> None:
    """A criterion that is refuted is decided, though its verdict counts as false."""
    assert Sequential((ERRORS,)).look([_share(300, 1000)]).complete


def test_too_early_for_go_is_not_too_early_for_no_go() -> None:
    """Before a run is long enough for GO, it can be NO-GO."""
    looks = [Sequential((ERRORS,)).look([_share(hits, 1000)], go=False).complete for hits in (0, 300)]
    assert looks == [False, True]


def test_every_criterion_must_be_decided() -> None:
    """One open criterion keeps the run going."""
    state = Sequential((ERRORS, parse("success >= 99.9%"))).look([_share(0, 1000), None])
    assert (state.complete, state.open()) == (False, (1,))


def test_without_criteria_nothing_is_complete() -> None:
    """A run that only observes is not stopped."""
    assert not Sequential(()).complete


@pytest.mark.parametrize(
    ("text", "evidence", "outcome", "final"),
    [
        ("max < 1s", Fact(0.5, 10, "s", "max", rare=True), Outcome.GO, False),
        ("max < 1s", Fact(1.5, 10, "s", "max", rare=True), Outcome.NO_GO, True),
        ("requests >= 10", Fact(10, 10, "count", "requests"), Outcome.GO, True),
        ("requests >= 10", Fact(9, 9, "count", "requests"), Outcome.NO_GO, False),
        ("success == 100%", _share(1000, 1000), Outcome.GO, False),
        ("success == 100%", _share(999, 1000), Outcome.NO_GO, True),
    ],
)
def test_facts_are_known_at_the_end_of_a_run(text: str, evidence: Evidence, outcome: Outcome, *, final: bool) -> None:
    """A fact about all requests is open until the end, but for an exception that happened or a number reached."""
    assert is_final(parse(text), evidence, outcome) is final


def test_verdicts_must_fit_the_criteria() -> None:
    """A state with more verdicts than criteria is none."""
    with pytest.raises(UsageError):
        Sequential((ERRORS,), (None, None))

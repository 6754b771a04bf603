"""NO-GO verdicts of a session, held by Hochberg."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.verdicts.hochberg import hochberg, hold_no_go
from gonogo.verdicts.verdict import Outcome, Verdict

NO_GO = Verdict(Outcome.NO_GO, "p99 <= 50ms", 0.06, 0.051, 0.07, 0.05, "s", 1000, 0.95, "Too slow.", p=0.04)
GO = replace(NO_GO, outcome=Outcome.GO, p=0.9)


def test_adjusted_p_values_of_an_example() -> None:
    """The largest counts once, the next twice, and none exceeds one after it."""
    assert hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.04, 0.04, 0.02))


def test_what_is_refuted_as_a_whole_stays() -> None:
    """Two criteria that the same fault breaks, each at p 0.04: no chance brings both."""
    assert hold_no_go([NO_GO, NO_GO]) == (NO_GO, NO_GO)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_adjusting_only_ever_makes_p_values_larger(p_values: list[float]) -> None:
    """Many tests never make one of them more certain."""
    assert all(after >= before for before, after in zip(p_values, hochberg(p_values), strict=True))


def test_a_single_no_go_stays() -> None:
    """One criterion needs no correction."""
    assert hold_no_go([NO_GO]) == (NO_GO,)


def test_weak_no_go_among_many_criteria_is_inconclusive() -> None:
    """One figure at p 0.04 among ten is what chance brings, and the reason says so."""
    held = hold_no_go([NO_GO, *[GO] * 9])[0]
    assert (held.outcome, "among the 10 criteria" in held.reason) == (Outcome.INCONCLUSIVE, True)


def test_strong_no_go_stays_among_many() -> None:
    """A clear refutation survives any number of other criteria."""
    strong = replace(NO_GO, p=1e-9)
    assert hold_no_go([*[GO] * 100, strong])[-1] is strong


def test_facts_stay() -> None:
    """A fact was not tested, so that no chance is in it and it makes no other test weaker."""
    fact = replace(NO_GO, confidence=1.0, p=0.0)
    assert hold_no_go([fact, NO_GO]) == (fact, NO_GO)

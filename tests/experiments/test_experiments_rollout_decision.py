"""Deciding a rollout: on only when shown, back at the first NO-GO, held where nothing is shown in time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import UsageError
from gonogo.experiments.rollout import Action, Seen, Step, decide
from gonogo.experiments.rollout.answer import answer
from gonogo.experiments.rollout.plan import read_plan
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Outcome, Verdict

CLAIM = parse("success.difference[sidecar_subset: rf vs svc] >= -1%")
STEP = Step(5, (CLAIM,), least_s=5.0, most_s=60.0)

OUTCOMES = st.sampled_from([None, *Outcome])


def verdict(outcome: Outcome | None) -> Verdict | None:
    """Return a verdict with ``outcome``; None is one that is open."""
    if outcome is None:
        return None
    return Verdict(outcome, CLAIM.text, 0.0, -0.1, 0.1, -0.01, "share", 100, 0.95, "So it is.")


@pytest.mark.parametrize(
    ("outcomes", "elapsed_s", "action"),
    [
        ([Outcome.GO], 10, Action.STEP),
        ([Outcome.GO], 4, Action.WAIT),
        ([None], 10, Action.WAIT),
        ([None], 60, Action.HOLD),
        ([Outcome.INCONCLUSIVE], 60, Action.HOLD),
        ([Outcome.GO, None], 30, Action.WAIT),
        ([Outcome.GO, Outcome.INCONCLUSIVE], 60, Action.HOLD),
        ([Outcome.NO_GO], 1, Action.ROLLBACK),
        ([Outcome.GO, Outcome.NO_GO], 60, Action.ROLLBACK),
        ([], 5, Action.STEP),
    ],
)
def test_a_decision_follows_from_verdicts_and_time(
    outcomes: list[Outcome | None], elapsed_s: float, action: Action
) -> None:
    """Each case has one action."""
    assert decide(STEP, Seen([verdict(one) for one in outcomes], elapsed_s)).action is action


@given(st.lists(OUTCOMES, min_size=1, max_size=4), st.floats(0, 120))
def test_nothing_goes_on_that_is_not_shown(outcomes: list[Outcome | None], elapsed_s: float) -> None:
    """A step is taken only when every criterion is GO, and a rollback only when one is NO-GO."""
    action = decide(STEP, Seen([verdict(one) for one in outcomes], elapsed_s)).action
    assert (action is Action.STEP) <= (set(outcomes) == {Outcome.GO} and elapsed_s >= STEP.least_s)
    assert (action is Action.ROLLBACK) == (Outcome.NO_GO in outcomes)
    assert action is not Action.WAIT or elapsed_s < STEP.most_s


def test_trouble_holds_even_where_criteria_are_shown() -> None:
    """What nobody can vouch for is no reason to go on."""
    assert decide(STEP, Seen([verdict(Outcome.GO)], 30, trouble="the sidecar is gone")).action is Action.HOLD


def test_a_difference_without_brackets_compares_the_subsets() -> None:
    """The rollout knows the two."""
    plan = read_plan("iris", "svc", "rf", steps=(5,), require="success.difference >= -1%", least_s=5, most_s=60)
    assert plan.steps[0].criteria == (CLAIM,)
    assert plan.weights(5) == {"svc": 95, "rf": 5}


@pytest.mark.parametrize(
    ("steps", "require"),
    [
        ((), "success >= 99%"),
        ((5, 5), "success >= 99%"),
        ((50, 5), "success >= 99%"),
        ((0, 5), "success >= 99%"),
        ((5, 101), "success >= 99%"),
        ((5, 50), {5: "success >= 99%"}),
        ((5,), {5: "success >= 99%", 50: "success >= 99%"}),
        ((5,), []),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(steps: tuple[int, ...], require: object) -> None:
    """Steps grow from above 0 to at most 100, and each has its criteria."""
    with pytest.raises(UsageError):
        read_plan("iris", "svc", "rf", steps=steps, require=require, least_s=5, most_s=60)  # type: ignore[arg-type]  # what it refuses


@pytest.mark.parametrize(
    ("outcome", "decision", "confirm", "rollback"),
    [
        (Outcome.GO, "step", 200, 403),
        (Outcome.NO_GO, "rollback", 403, 200),
        (Outcome.INCONCLUSIVE, "hold", 403, 403),
    ],
)
def test_other_controllers_are_told_three_outcomes(
    outcome: Outcome, decision: str, confirm: int, rollback: int
) -> None:
    """Argo Rollouts reads the word, Flagger the statuses of two hooks; both hold when nothing is shown."""
    verdicts = [one for one in [verdict(outcome)] if one is not None]
    told = answer("/decision", verdicts)
    assert (told.status, told.body["verdict"], told.body["decision"]) == (200, outcome, decision)
    statuses = [answer(f"/flagger/{hook}", verdicts).status for hook in ("confirm", "rollback")]
    assert statuses == [confirm, rollback]
    json.dumps(told.body)


def test_what_cannot_be_judged_is_held() -> None:
    """Trouble is neither a step nor a rollback, and says what it is."""
    told = answer("/decision", (), trouble="there is no run")
    assert (told.body["decision"], told.body["reason"]) == ("hold", "there is no run")
    assert answer("/elsewhere", ()).status == 404

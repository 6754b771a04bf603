"""Splits, moves and differences of runs: by request, by user, with what users did next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fixtures.runs import build_run
from gonogo.errors import UsageError
from gonogo.measures.arms import CHANGES, WEIGHTS
from gonogo.measures.judge import judge
from gonogo.measures.outcome import join_outcomes
from gonogo.runs.outcome import OutcomeEvent
from gonogo.runs.run import Run
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Outcome

BY_REQUEST = "split[mode: svc 60, rf 40] within 2%"
BY_USER = "split[mode by user: svc 60, rf 40] within 5%"


def a_run(n: int, *, rf: float = 0.4, users: int = 0, labels: dict[str, str] | None = None) -> Run:
    """Return a run of two models; ``users`` who each keep theirs, or requests that are drawn one by one."""
    rng = np.random.default_rng(3)
    user = np.arange(n) % users if users else np.arange(n)
    chosen = np.arange(users or n) < rf * (users or n)
    chosen = rng.permutation(chosen)[user]
    extracted = {"mode": np.where(chosen, "rf", "svc").astype(object), "user": user.astype(object)}
    return build_run(n, extracted=extracted, facts={"labels": labels or {}})


def outcome(run: Run, criterion: str) -> Outcome:
    """Return what ``run`` says."""
    return judge(run, parse(criterion)).outcome


def test_20_000_requests_at_60_to_40_are_go() -> None:
    """The split is as declared, within 2 points."""
    assert outcome(a_run(20_000), BY_REQUEST) is Outcome.GO


def test_a_split_off_by_five_points_is_no_go() -> None:
    """55/45 is not 60/40."""
    assert outcome(a_run(20_000, rf=0.45), BY_REQUEST) is Outcome.NO_GO


def test_1_000_sticky_users_are_go_at_five_points() -> None:
    """Users are what counts: 20 requests of each say no more than one."""
    run = a_run(20_000, users=1000)
    assert (outcome(run, BY_USER), judge(run, parse(BY_USER)).n) == (Outcome.GO, 1000)


def test_requests_of_sticky_users_do_not_pass_for_draws() -> None:
    """20,000 requests of 100 users show no split within 2 points."""
    assert outcome(a_run(20_000, users=100), BY_REQUEST) is Outcome.INCONCLUSIVE


def test_one_user_who_met_both_models_is_no_go() -> None:
    """No weight changed, so the split is not sticky."""
    run = a_run(20_000, users=1000)
    run.columns.extracted["mode"][19_999] = {"svc": "rf", "rf": "svc"}[run.columns.extracted["mode"][19_999]]
    verdict = judge(run, parse(BY_USER))
    assert (verdict.outcome, "users 999" in verdict.reason) == (Outcome.NO_GO, True)


def test_a_model_that_no_weight_names_is_no_go() -> None:
    """Whoever else answered, it was not declared."""
    run = a_run(20_000)
    run.columns.extracted["mode"][0] = "old"
    assert outcome(run, BY_REQUEST) is Outcome.NO_GO


def test_weights_of_the_acting_policy_are_found_by_subset() -> None:
    """The subset of each request tells which model its weight is about."""
    run = a_run(20_000, labels={WEIGHTS: "v1 60, v2 40"})
    subset = np.where(run.columns.extracted["mode"] == "rf", "v2", "v1").astype(object)
    run = replace(run, columns=replace(run.columns, extracted={**run.columns.extracted, "sidecar_subset": subset}))
    assert outcome(run, "split[mode] within 2%") is Outcome.GO
    assert outcome(run, "split[sidecar_subset] within 2%") is Outcome.GO


def test_a_subset_that_answers_as_two_models_is_no_go() -> None:
    """The weights speak of subsets; one that mixes models is not what was declared."""
    run = a_run(20_000, labels={WEIGHTS: "v1 60, v2 40"})
    subset = np.where(np.arange(20_000) % 5 < 2, "v2", "v1").astype(object)
    run = replace(run, columns=replace(run.columns, extracted={**run.columns.extracted, "sidecar_subset": subset}))
    assert outcome(run, "split[mode] within 2%") is Outcome.NO_GO


def test_weights_that_changed_leave_a_split_open() -> None:
    """No single weight holds for such a run."""
    run = a_run(20_000, labels={CHANGES: "2"})
    assert outcome(run, BY_REQUEST) is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("criterion", "mend"),
    [
        ("split[mode] within 2%", "give them"),
        ("split[model: a 1, b 1] within 2%", "extract it"),
        ("success.difference[mode] >= -1%", "CANDIDATE"),
        ("outcome.difference[click: rf vs svc] >= -1%", "gonogo outcome"),
    ],
)
def test_what_the_run_does_not_know_is_asked_for(criterion: str, mend: str) -> None:
    """Without weights, columns, models or events the message says how to give them."""
    with pytest.raises(UsageError, match=mend):
        judge(a_run(100), parse(criterion))


@pytest.mark.parametrize(("path", "moves"), [("AAAA", 0), ("AABB", 1), ("ABAA", 2), ("ABAB", 3)])
def test_moves_are_counted_in_the_order_in_which_requests_were_sent(path: str, moves: int) -> None:
    """Each change of a user's model is one move; requests without a model are passed over."""
    modes = np.array([*path, None], dtype=object)
    run = build_run(5, extracted={"mode": modes, "user": np.full(5, "u", dtype=object)})
    assert judge(run, parse("moves[mode by user] <= 1")).observed == moves


def test_a_candidate_that_fails_two_of_a_hundred_is_no_go() -> None:
    """Its success is more than 1 % below that of the current model."""
    run = a_run(20_000)
    failed = (run.columns.extracted["mode"] == "rf") & (np.arange(20_000) % 50 == 0)
    run = replace(run, columns=replace(run.columns, success=~failed))
    assert outcome(run, "success.difference[mode: rf vs svc] >= -1%") is Outcome.NO_GO


def test_failures_of_nobody_leave_a_comparison_open() -> None:
    """Failed answers that tell no model may all be the candidate's."""
    run = a_run(20_000)
    run.columns.extracted["mode"][::100] = None
    assert outcome(run, "success.difference[mode: rf vs svc] >= -1%") is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("rf_every", "expected"), [(4, Outcome.GO), (10, Outcome.NO_GO)])
def test_outcomes_are_compared_by_user(rf_every: int, expected: Outcome) -> None:
    """A quarter of either model's users click: no worse. A tenth of the candidate's: worse."""
    run = a_run(40_000, users=10_000)
    models = dict(zip(run.columns.extracted["user"], run.columns.extracted["mode"], strict=True))
    events = []
    for place, (user, model) in enumerate(models.items()):
        if place % (rf_every if model == "rf" else 4) == 0:
            events.append(OutcomeEvent("click", "2025-01-31T09:30:00Z", user=str(user)))
    joined = join_outcomes(run, events)
    assert (joined.matched, joined.unmatched) == (len(events), 0)
    assert outcome(joined.run, "outcome.difference[click: rf vs svc] >= -5%") is expected


def test_an_event_joins_by_request_before_user() -> None:
    """The request that it names is the one; an event of neither is counted as unmatched."""
    ids = np.array(["a", "b"], dtype=object)
    run = build_run(2, extracted={"request_id": ids, "user": np.array([1, 1], dtype=object)})
    at = "2025-01-31T09:30:00Z"
    joined = join_outcomes(run, [OutcomeEvent("buy", at, "1", "b"), OutcomeEvent("buy", at, "9")])
    assert list(joined.run.columns.extracted["outcome:buy"]) == [False, True]
    assert (joined.matched, joined.unmatched) == (1, 1)

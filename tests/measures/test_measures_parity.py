"""Parity, the mirror's contract, quality and availability, on columns whose truth is known."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from gonogo.errors import UsageError
from gonogo.measures.judge import judge
from gonogo.runs.run import Columns, Run, RunFacts
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Outcome, Verdict

N = 6000
RANDOM = np.random.default_rng(20260101)


def run_of(further: Mapping[str, Sequence[object]], *, success: Sequence[bool] | None = None) -> Run:
    """A run of 60 s at 100/s with these further columns."""
    due = np.arange(N) / 100
    columns = Columns(
        due_s=due,
        queued_s=np.zeros(N),
        sent_s=due,
        first_byte_s=due + 0.01,
        done_s=due + 0.01,
        status=np.full(N, 200, np.int16),
        error=np.zeros(N, np.int8),
        success=np.ones(N, np.bool_) if success is None else np.array(success, np.bool_),
        bytes_in=np.zeros(N, np.int64),
        bytes_out=np.zeros(N, np.int64),
        connection=np.zeros(N, np.int32),
        target=np.zeros(N, np.int16),
        extracted={name: column(values) for name, values in further.items()},
    )
    facts = RunFacts("run", ("POST /predict",), 100.0, 60.0, 60.0, 0.0, 10.0, 8)
    return Run(columns, facts)


def column(values: Sequence[object]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return values as a column."""
    made = np.full(N, None, dtype=object)
    made[:] = list(values)
    return made


def sides(*, disagree: float = 0.0, captured: float = 1.0, shift: float = 0.0) -> dict[str, list[object]]:
    """Both sides of every request, with these shares and this shift of a score."""
    live = RANDOM.random(N)
    agrees = RANDOM.random(N) >= disagree
    return {
        "live_captured": [bool(one) for one in np.arange(N) < captured * N],
        "live_status": [200] * N,
        "live_latency_s": [0.01] * N,
        "copies": [1] * N,
        "leaked": [False] * N,
        "shadow_status": [200] * N,
        "shadow_latency_s": [0.02] * N,
        "agrees": [bool(one) for one in agrees],
        "score_distance": [shift] * N,
        "score_variation": [shift] * N,
        "live_score_a": [float(one) for one in live],
        "shadow_score_a": [float(one) for one in np.clip(live + shift, 0, 1)],
    }


def verdict(run: Run, text: str) -> Verdict:
    """Judge a run by one criterion."""
    return judge(run, parse(text))


@pytest.mark.parametrize(("disagree", "outcome"), [(0.01, Outcome.GO), (0.05, Outcome.NO_GO)])
def test_agreement_is_shown_or_refuted(disagree: float, outcome: Outcome) -> None:
    """A share of pairs that agree, held against a margin."""
    assert verdict(run_of(sides(disagree=disagree)), "parity.agreement >= 97%").outcome is outcome


def test_capture_below_999_of_1000_makes_parity_inconclusive() -> None:
    """Even where what was captured is perfect, and where it is hopeless."""
    for disagree in (0.0, 0.5):
        found = verdict(run_of(sides(disagree=disagree, captured=0.998)), "parity.agreement >= 97%")
        assert found.outcome is Outcome.INCONCLUSIVE
        assert "99.8 %" in found.reason


@pytest.mark.parametrize("measure", ["parity.tv", "parity.distance"])
def test_the_distance_of_scores_is_a_mean(measure: str) -> None:
    """Within the margin it is GO, beyond it NO-GO."""
    assert verdict(run_of(sides(shift=0.02)), f"{measure} <= 5%").outcome is Outcome.GO
    assert verdict(run_of(sides(shift=0.08)), f"{measure} <= 5%").outcome is Outcome.NO_GO


def test_the_largest_difference_is_a_fact() -> None:
    """It is compared exactly."""
    found = verdict(run_of(sides(shift=0.08)), "parity.max <= 8%")
    assert (found.outcome, found.observed, found.confidence) == (Outcome.GO, 0.08, 1.0)


def test_population_stability_sees_a_shifted_score() -> None:
    """The same scores are stable, scores moved by a third are not."""
    assert verdict(run_of(sides()), "parity.psi[a] <= 0.1").outcome is Outcome.GO
    assert verdict(run_of(sides(shift=0.33)), "parity.psi[a] <= 0.1").outcome is Outcome.NO_GO


def test_a_class_without_scores_is_one_message() -> None:
    """The misspelt class is named."""
    with pytest.raises(UsageError, match="live_score_b"):
        verdict(run_of(sides()), "parity.psi[b] <= 0.1")


def test_one_bad_slice_is_found_and_named() -> None:
    """Agreement is 98 % on the whole and half in one region."""
    region = np.where(np.arange(N) % 25 == 0, "north", "south")
    agrees = [bool(one != "north" or RANDOM.random() < 0.5) for one in region]
    run = run_of({**sides(), "agrees": agrees, "input_region": list(region), "input_age": list(RANDOM.random(N))})
    assert verdict(run, "parity.agreement >= 95%").outcome is Outcome.GO
    found = verdict(run, "parity.worst >= 90%")
    assert found.outcome is Outcome.NO_GO
    assert "region=north" in found.reason
    assert verdict(run, "parity.worst[age] >= 90%").outcome is Outcome.GO
    assert verdict(run, "parity.agreement[region=north] >= 90%").outcome is Outcome.NO_GO


def test_without_columns_of_the_input_there_are_no_slices() -> None:
    """The mend says where to name them."""
    with pytest.raises(UsageError, match="columns="):
        verdict(run_of(sides()), "parity.worst >= 90%")


@pytest.mark.parametrize(
    ("copies", "text", "outcome"),
    [
        ([1] * N, "mirror.once == 100%", Outcome.GO),
        ([1] * (N - 1) + [0], "mirror.once == 100%", Outcome.NO_GO),
        ([1] * (N - 1) + [2], "mirror.repeated == 0%", Outcome.NO_GO),
        ([index % 2 for index in range(N)], "mirror.share between 48% and 52%", Outcome.GO),
        ([index % 2 for index in range(N)], "mirror.once == 100%", Outcome.NO_GO),
    ],
)
def test_the_mirror_is_held_to_its_contract(copies: list[int], text: str, outcome: Outcome) -> None:
    """Every request once, none twice, or a declared share."""
    assert verdict(run_of({**sides(), "copies": copies}), text).outcome is outcome


def test_requests_due_while_the_mirror_was_off_are_not_missed_copies() -> None:
    """They are what mirror.stray looks at."""
    on = [index < N // 2 for index in range(N)]
    copies = [1 if one else 0 for one in on]
    run = run_of({**sides(), "copies": copies, "mirror_on": on})
    assert verdict(run, "mirror.once == 100%").outcome is Outcome.GO
    assert verdict(run, "mirror.stray == 0%").outcome is Outcome.GO
    late = run_of({**sides(), "copies": [1] * N, "mirror_on": on})
    assert verdict(late, "mirror.stray == 0%").outcome is Outcome.NO_GO


def test_one_answer_of_the_shadow_at_a_client_is_no_go() -> None:
    """It is a fact: one is too many."""
    leaked = [False] * (N - 1) + [True]
    assert verdict(run_of({**sides(), "leaked": leaked}), "mirror.leaked == 0%").outcome is Outcome.NO_GO


def test_what_the_mirror_costs_is_judged_by_pairs_of_stretches() -> None:
    """A drift that both states share costs nothing; 5 ms with the mirror do."""
    stretch = [index // 100 for index in range(N)]
    on = [bool(one % 2) for one in stretch]

    def alternating(slower_s: float) -> Run:
        made = run_of({**sides(), "mirror_on": on, "mirror_stretch": stretch})
        drift = np.arange(N) / N * 0.02
        noise = RANDOM.exponential(0.002, N)
        done = made.columns.due_s + 0.01 + drift + noise + np.where(on, slower_s, 0.0)
        made.columns.done_s[:] = done
        return made

    for text in ("mirror.cost <= 2ms", "mirror.cost[p90] <= 4ms"):
        assert verdict(alternating(0.0), text).outcome is Outcome.GO
        assert verdict(alternating(0.005), text).outcome is Outcome.NO_GO


def test_the_shadows_own_times_and_failures_are_judged() -> None:
    """The verdict's system half: a copy that failed or hangs is slower than any limit."""
    status = [500 if index % 20 == 0 else 200 for index in range(N)]
    latency = [None if index % 20 == 1 else 0.02 for index in range(N)]
    run = run_of({**sides(), "shadow_status": status, "shadow_latency_s": latency})
    assert verdict(run, "shadow.success >= 95%").outcome is Outcome.NO_GO
    assert verdict(run, "shadow.p50 <= 50ms").outcome is Outcome.GO
    assert verdict(run, "shadow.p95 <= 50ms").outcome is Outcome.NO_GO
    assert verdict(run, "live.success >= 99%").outcome is Outcome.GO


def test_a_refusal_that_both_sides_give_is_no_failure_of_the_shadow() -> None:
    """A client's bad request is not the candidate's fault."""
    run = run_of({**sides(), "live_status": [422] * N, "shadow_status": [422] * N})
    assert verdict(run, "shadow.success >= 99%").outcome is Outcome.GO


def test_quality_is_judged_per_class_and_subgroup() -> None:
    """A candidate that misses one class in one region is good on average and bad there."""
    truth = [("versicolor", "setosa")[index % 2] for index in range(N)]
    region = [("north", "south")[index // 2 % 2] for index in range(N)]
    answer = [
        "setosa" if kind == "versicolor" and where == "north" and index % 3 == 0 else kind
        for index, (kind, where) in enumerate(zip(truth, region, strict=True))
    ]
    run = run_of({"truth": truth, "answer": answer, "region": region})
    assert verdict(run, "quality.accuracy >= 90%").outcome is Outcome.GO
    assert verdict(run, "quality.recall[setosa] >= 99%").outcome is Outcome.GO
    assert verdict(run, "quality.recall[versicolor | region=south] >= 90%").outcome is Outcome.GO
    assert verdict(run, "quality.recall[versicolor | region=north] >= 90%").outcome is Outcome.NO_GO
    assert verdict(run, "quality.precision[versicolor] >= 99%").outcome is Outcome.GO


def test_an_unanswered_request_is_not_recognised() -> None:
    """Who is not answered is not served: it counts against recall."""
    run = run_of({"truth": ["a"] * N, "answer": [None if index % 4 == 0 else "a" for index in range(N)]})
    assert verdict(run, "quality.recall[a] >= 90%").outcome is Outcome.NO_GO


def test_errors_of_numbers_are_means_and_roots() -> None:
    """Gaps of 1 and 7: the mean is 4, the root of the mean square 5."""
    truth = [10.0] * N
    answer = [11.0 if index % 2 else 17.0 for index in range(N)]
    run = run_of({"truth": truth, "answer": answer})
    assert verdict(run, "quality.mae <= 4.5").observed == pytest.approx(4.0)
    assert verdict(run, "quality.rmse <= 5.5").observed == pytest.approx(5.0)
    assert verdict(run, "quality.rmse <= 5.5").outcome is Outcome.GO
    assert verdict(run, "quality.rmse <= 4.5").outcome is Outcome.NO_GO


def test_a_missing_number_never_passes() -> None:
    """One request with a truth and without an answer leaves the error undecided."""
    run = run_of({"truth": [1.0] * N, "answer": [1.0] * (N - 1) + [None]})
    assert verdict(run, "quality.mae <= 1").outcome is Outcome.INCONCLUSIVE


def test_availability_is_the_time_between_failures_over_all_time() -> None:
    """Two outages of 3 s in 60 s: MTBF 27 s, MTTR 3 s, availability 90 %."""
    success = [not (1000 <= index < 1300 or 4000 <= index < 4300) for index in range(N)]
    found = verdict(run_of({}, success=success), "availability >= 50%")
    assert found.observed == pytest.approx(27 / (27 + 3))
    assert "2 outages" in found.reason

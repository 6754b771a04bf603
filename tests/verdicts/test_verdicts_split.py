"""Splits and differences: GO only when shown, NO-GO only when refuted."""

from __future__ import annotations

import numpy as np
import pytest

from gonogo.errors import MeasurementError
from gonogo.verdicts.evidence import Difference, Proportion, Quantile, Split
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge, outcome_of
from gonogo.verdicts.method import Method
from gonogo.verdicts.sequential import is_final
from gonogo.verdicts.verdict import Outcome

CLAIM = parse("split[mode: svc 60, rf 40] within 2%")
NO_WORSE = parse("success.difference[mode: rf vs svc] >= -1%")


def evenly(total: int, hits: int, blocks: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Return hits and trials spread evenly over blocks."""
    places = np.arange(blocks + 1)
    return np.diff(hits * places // blocks), np.diff(total * places // blocks)


def shared(svc: int, rf: int, *, missing: int = 0, **fields: object) -> Split:
    """Return requests of two models."""
    first, everyone = evenly(svc + rf, svc)
    lost, _ = evenly(missing or 1, missing)
    return Split(("svc", "rf"), (0.6, 0.4), np.stack([first, everyone - first], axis=1), lost, "requests", **fields)  # type: ignore[arg-type]  # fields of Split


def proportion(total: int, hits: int) -> Proportion:
    """Return successes."""
    found, trials = evenly(total, hits)
    return Proportion(found, trials, "successes")


def compared(candidate: Proportion | Quantile, current: Proportion | Quantile, **fields: str) -> Difference:
    """Return a comparison of rf with svc."""
    return Difference(candidate, current, ("rf", "svc"), "successes", **fields)


@pytest.mark.parametrize(
    ("svc", "rf", "outcome"),
    [
        (12_000, 8_000, Outcome.GO),
        (11_000, 9_000, Outcome.NO_GO),
        (11_650, 8_350, Outcome.INCONCLUSIVE),
        (12, 8, Outcome.INCONCLUSIVE),
        (0, 20_000, Outcome.NO_GO),
    ],
)
def test_the_whole_interval_lies_within_the_margin_or_outside(svc: int, rf: int, outcome: Outcome) -> None:
    """60/40 of 20,000 is GO, 55/45 is NO-GO, and what lies on the margin or is too little is neither."""
    assert judge(CLAIM, shared(svc, rf)).outcome is outcome


def test_requests_without_a_model_may_have_gone_to_any() -> None:
    """Shares as declared are not GO when 3 % of the requests tell no model."""
    assert judge(CLAIM, shared(11_640, 7_760, missing=600)).outcome is Outcome.INCONCLUSIVE


def test_a_violated_fact_is_no_go_whatever_the_shares() -> None:
    """A user who met both models is named, and the shares do not help."""
    verdict = judge(CLAIM, shared(12_000, 8_000, violations=("User 7 met both",)))
    assert (verdict.outcome, verdict.reason.startswith("User 7 met both.")) == (Outcome.NO_GO, True)


def test_what_cannot_be_held_against_the_weights_is_open() -> None:
    """Weights that changed during the run decide nothing."""
    assert judge(CLAIM, shared(12_000, 8_000, open_because="they changed")).outcome is Outcome.INCONCLUSIVE


def test_requests_of_the_same_users_tell_less() -> None:
    """A design effect of 100 turns 20,000 requests into 200, which show nothing at 2 points."""
    assert judge(CLAIM, shared(12_000, 8_000, effect=100.0)).outcome is Outcome.INCONCLUSIVE


def test_a_split_is_go_at_its_end_only() -> None:
    """A user may turn up at another model until the last request."""
    evidence = shared(12_000, 8_000)
    assert not is_final(CLAIM, evidence, outcome_of(CLAIM, evidence, method=Method.ANYTIME))


def test_three_models_have_simultaneous_bounds() -> None:
    """With more models each bound is wider than with two."""
    hits = np.tile([60, 20, 20], (100, 1))
    three = Split(("a", "b", "c"), (0.6, 0.2, 0.2), hits, np.zeros(100, np.int64), "requests")
    two = Split(
        ("a", "b"), (0.6, 0.4), np.stack([hits[:, 0], hits[:, 1:].sum(axis=1)], 1), np.zeros(100, np.int64), "requests"
    )
    assert judge(CLAIM, three).high > judge(CLAIM, two).high


def test_weights_that_are_no_shares_are_refused() -> None:
    """They must add up to the whole."""
    with pytest.raises(MeasurementError):
        Split(("a", "b"), (0.6, 0.6), np.zeros((1, 2), np.int64), np.zeros(1, np.int64), "requests")


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize(
    ("candidate", "outcome"), [(10_000, Outcome.GO), (9_800, Outcome.NO_GO), (9_900, Outcome.INCONCLUSIVE)]
)
def test_a_candidate_is_no_worse_only_when_shown(candidate: int, outcome: Outcome, method: Method) -> None:
    """None of 10,000 failures is GO at a margin of 1 %, 2 % are NO-GO, and the margin itself is neither."""
    evidence = compared(proportion(10_000, candidate), proportion(10_000, 10_000))
    assert judge(NO_WORSE, evidence, method=method).outcome is outcome
    assert outcome_of(NO_WORSE, evidence, method=method) is outcome


def test_nothing_is_said_without_a_candidate() -> None:
    """No request of the candidate is no data."""
    assert judge(NO_WORSE, compared(proportion(0, 0), proportion(100, 100))).outcome is Outcome.INCONCLUSIVE


def test_few_requests_of_the_candidate_show_nothing() -> None:
    """Ten successes are no evidence against 1 % of failures."""
    evidence = compared(proportion(10, 10), proportion(10_000, 10_000))
    assert judge(NO_WORSE, evidence).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("slower_s", "outcome"), [(0.0, Outcome.GO), (0.02, Outcome.NO_GO)])
def test_percentiles_are_compared_by_order_statistics(slower_s: float, outcome: Outcome) -> None:
    """20 ms more at the median are NO-GO at a margin of 10 ms; none are GO."""
    rng = np.random.default_rng(5)
    block = np.arange(4000) // 40
    one, other = (rng.gamma(4, 0.005, 4000) for _ in range(2))
    evidence = compared(Quantile(one + slower_s, block, 0.5, "latency"), Quantile(other, block, 0.5, "latency"))
    assert judge(parse("p50.difference[mode: rf vs svc] <= 10ms"), evidence).outcome is outcome


def test_a_failing_candidate_has_no_percentile_to_be_go_with() -> None:
    """Infinite latencies on its side are never shown to be within a margin."""
    block = np.arange(2000) // 20
    dead = Quantile(np.full(2000, np.inf), block, 0.99, "latency")
    sound = Quantile(np.full(2000, 0.01), block, 0.99, "latency")
    claim = parse("p99.difference[mode: rf vs svc] <= 10ms")
    assert judge(claim, compared(dead, sound)).outcome is Outcome.NO_GO
    assert judge(claim, compared(dead, dead)).outcome is Outcome.INCONCLUSIVE

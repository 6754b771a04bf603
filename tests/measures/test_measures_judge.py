"""Judging runs by criteria."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from fixtures.runs import build_run
from gonogo.errors import UsageError
from gonogo.measures.judge import judge
from gonogo.runs.run import Run
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Outcome

INVALID: dict[str, object] = {"valid": False, "invalid_reason": "lag p99 of 3 ms is above 1 ms"}
CUT: dict[str, object] = {"cut_short": "interrupted after 5 s"}


def _good(n: int = 1000, facts: Mapping[str, object] | None = None) -> Run:
    return build_run(n, latency_s=0.01, facts=facts)


def _dead(facts: Mapping[str, object] | None = None) -> Run:
    return build_run(1000, error="refused", facts=facts)


@pytest.mark.parametrize("text", ["p99 <= 50ms", "success >= 99%", "throughput >= 90/s", "max < 1s", "mean < 100ms"])
def test_good_run_is_go(text: str) -> None:
    """A thousand fast successes fulfil what they promise."""
    assert judge(_good(), parse(text)).outcome is Outcome.GO


@pytest.mark.parametrize("text", ["p99 <= 50ms", "success >= 99%", "throughput >= 90/s", "max < 1s"])
def test_dead_server_is_no_go(text: str) -> None:
    """A server that refuses every connection is NO-GO for every promise."""
    assert judge(_dead(), parse(text)).outcome is Outcome.NO_GO


def test_too_few_requests_for_p99_are_inconclusive() -> None:
    """Two hundred fast answers do not show a p99, and the verdict says how many would."""
    verdict = judge(_good(200), parse("p99 <= 50ms"))
    assert (verdict.outcome, verdict.needed) == (Outcome.INCONCLUSIVE, 299)


@pytest.mark.parametrize("run", [_good(facts=INVALID), _dead(facts=INVALID)], ids=["good", "dead"])
def test_invalid_run_blames_the_generator(run: Run) -> None:
    """An INVALID run decides nothing, good or bad, and says that the generator was the limit."""
    verdict = judge(run, parse("p99 <= 50ms"))
    assert (verdict.outcome, verdict.reason, verdict.needed) == (
        Outcome.INCONCLUSIVE,
        "The run is INVALID, as the load generator was the limit: lag p99 of 3 ms is above 1 ms.",
        None,
    )


def test_invalid_run_still_shows_its_figures() -> None:
    """What was measured stays visible in the verdict."""
    assert judge(_good(facts=INVALID), parse("p99 <= 50ms")).observed == pytest.approx(0.01)


def test_run_cut_short_is_never_go() -> None:
    """A run that ended early is not GO, whatever it measured until then."""
    verdict = judge(_good(facts=CUT), parse("success == 100%"))
    assert (verdict.outcome, "cut short (interrupted after 5 s)" in verdict.reason) == (Outcome.INCONCLUSIVE, True)


def test_run_cut_short_can_be_no_go() -> None:
    """A run that ended early is NO-GO when what was measured shows it."""
    assert judge(_dead(facts=CUT), parse("success >= 99%")).outcome is Outcome.NO_GO


def _one_unsent() -> Run:
    return build_run(10000, error=["unsent", *[""] * 9999])


def test_unsent_requests_do_not_make_go() -> None:
    """A request that the generator left unsent is no success."""
    assert judge(_one_unsent(), parse("success == 100%")).outcome is not Outcome.GO


def test_unsent_requests_do_not_make_no_go() -> None:
    """Nor is the service blamed for it."""
    verdict = judge(_one_unsent(), parse("success == 100%"))
    assert (verdict.outcome, "load generator itself" in verdict.reason) == (Outcome.INCONCLUSIVE, True)


def test_unsent_requests_do_not_save_a_bad_service() -> None:
    """A service that fails without them stays NO-GO."""
    run = build_run(1000, error=["unsent", *["reset"] * 500, *[""] * 499])
    assert judge(run, parse("success >= 99%")).outcome is Outcome.NO_GO


def test_unsent_requests_are_the_matter_of_lag() -> None:
    """A criterion on the generator's lag holds them against it."""
    assert judge(_one_unsent(), parse("lag.max < 1s")).outcome is Outcome.NO_GO


def test_instant_errors_do_not_flatter() -> None:
    """A service that answers half of all requests at once with a 500 does not meet a p99."""
    run = build_run(1000, status=np.where(np.arange(1000) % 2, 500, 200), latency_s=0.001)
    assert judge(run, parse("p99 <= 50ms")).outcome is Outcome.NO_GO


def test_breaker_is_judged_by_whom_it_admits() -> None:
    """Requests turned away with a 503 are not held against the latency of those let in."""
    run = build_run(1000, status=np.where(np.arange(1000) % 4, 200, 503), latency_s=0.01)
    assert judge(run, parse("admitted.p99 <= 50ms")).outcome is Outcome.GO


def test_stall_is_felt_by_every_request_due_in_it() -> None:
    """A stall of 400 ms in a run of 60 s at 100 rps is 0.67 % of all requests: p99.5 sees it."""
    due = np.arange(6000) / 100
    stalled = (due >= 30) & (due < 30.4)
    run = build_run(6000, latency_s=np.where(stalled, 30.4 - due + 0.01, 0.01))
    assert judge(run, parse("p99.9 <= 100ms")).outcome is not Outcome.GO


def test_unknown_target_is_a_usage_error() -> None:
    """A criterion on a target that the run has not got is no verdict but an error."""
    with pytest.raises(UsageError, match="no target is called"):
        judge(_good(), parse("p99[GET /nowhere] <= 50ms"))


def test_no_data_is_inconclusive() -> None:
    """A run without requests decides nothing."""
    assert judge(build_run(0), parse("success >= 99%")).outcome is Outcome.INCONCLUSIVE

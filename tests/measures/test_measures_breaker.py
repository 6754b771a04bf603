"""What the sidecar's records make of a run: the breaker's rejections, other failures, admitted requests, routing."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

import gonogo
from fixtures.runs import build_run
from gonogo.errors import GrammarError, UsageError
from gonogo.measures.judge import judge
from gonogo.measures.registry import evidence
from gonogo.runs.run import Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.estimate import estimate
from gonogo.verdicts.evidence import Missing
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Outcome, Verdict

N = 1000


def column(values: Sequence[str | None]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return values as a column of a run."""
    return np.array(values, dtype=object)


def overloaded(
    *, turned_away: int = 400, own: int = 0, timeouts: int = 0, unrecorded: int = 0, status: int = 503
) -> Run:
    """Return a run of which the breaker turned some away at once; others fail by the service, or never end.

    The breaker's answers come first, then the service's own 503, then timeouts; what is left takes 100 ms.
    """
    kind = np.arange(N)
    breaker, failed = kind < turned_away, (kind >= turned_away) & (kind < turned_away + own)
    timed_out = (kind >= turned_away + own) & (kind < turned_away + own + timeouts)
    flags: list[str | None] = [
        "UO" if one else "DC" if late else "" for one, late in zip(breaker, timed_out, strict=True)
    ]
    flags[N - unrecorded :] = [None] * unrecorded
    return build_run(
        N,
        status=np.where(breaker, status, np.where(failed, 503, 200)),
        error=["timeout" if late else "" for late in timed_out],
        latency_s=np.where(breaker, 0.001, np.where(timed_out, 10.0, 0.1)),
        extracted={"sidecar_flags": column(flags)},
    )


def said(run: Run, criterion: str) -> Verdict:
    """Return the verdict on a criterion."""
    return judge(run, parse(criterion))


def value(run: Run, measure: str) -> float:
    """Return the observed figure of a measure."""
    name, dot, _ = measure.partition(".")
    found = MeasureName("p50", population=name) if dot and name == "admitted" else MeasureName(measure)
    return estimate(evidence(run, found)).value


@pytest.mark.parametrize(("turned_away", "share"), [(0, 0.0), (400, 0.4), (N, 1.0)])
def test_rejections_are_a_share_of_all_requests_due(turned_away: int, share: float) -> None:
    """What the records flag with UO, divided by every request due."""
    assert value(overloaded(turned_away=turned_away), "breaker.rejected") == share


def test_a_service_that_answers_503_is_no_breaker() -> None:
    """The service's own 503 is no rejection, and makes the failures not the breaker's alone."""
    run = overloaded(turned_away=300, own=100)
    assert value(run, "breaker.rejected") == 0.3
    assert said(run, "breaker.only_breaker_errors == 100%").outcome is Outcome.NO_GO
    assert value(run, "breaker.only_breaker_errors") == 0.75


def test_timeouts_are_no_errors_of_the_breaker() -> None:
    """One timeout among the rejections is found."""
    assert said(overloaded(timeouts=1), "breaker.only_breaker_errors == 100%").outcome is Outcome.NO_GO


@pytest.mark.parametrize("turned_away", [0, 400])
def test_failures_of_the_breaker_alone_are_go(turned_away: int) -> None:
    """With every failure the breaker's, or without any, the fact holds."""
    run = overloaded(turned_away=turned_away)
    assert said(run, "breaker.only_breaker_errors == 100%").outcome is Outcome.GO


def test_a_declared_answer_is_the_breakers_whatever_its_status() -> None:
    """A rejection with 429 is known by its record, and is not among the admitted."""
    run = overloaded(status=429)
    assert value(run, "breaker.rejected") == 0.4
    assert value(run, "admitted.p50") == pytest.approx(0.1)


def test_the_services_own_503_was_admitted() -> None:
    """By records, a request that the service itself failed is admitted, and slower than any limit."""
    assert value(overloaded(turned_away=400, own=400), "admitted.p50") == math.inf


def test_without_records_admitted_goes_by_the_status() -> None:
    """A run that nobody recorded counts every 503 as turned away."""
    run = build_run(100, status=np.where(np.arange(100) < 50, 503, 200), latency_s=0.1)
    assert value(run, "admitted.p50") == pytest.approx(0.1)


@pytest.mark.parametrize("criterion", ["breaker.rejected <= 60%", "breaker.only_breaker_errors == 100%"])
def test_without_a_sidecar_nothing_is_said_of_the_breaker(criterion: str) -> None:
    """No record, no verdict."""
    verdict = said(build_run(N), criterion)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "sidecar" in verdict.reason


@pytest.mark.parametrize(("unrecorded", "decided"), [(1, True), (2, False)])
@pytest.mark.parametrize(
    "criterion", ["breaker.rejected <= 60%", "breaker.only_breaker_errors == 100%", "admitted.p50 <= 1s"]
)
def test_too_few_records_decide_nothing(criterion: str, unrecorded: int, decided: bool) -> None:  # noqa: FBT001
    """With 99.9 % of the requests joined there is evidence, below that none."""
    found = evidence(overloaded(unrecorded=unrecorded), parse(criterion).measure)
    assert isinstance(found, Missing) is not decided


def test_goodput_counts_while_the_load_is_offered() -> None:
    """Successes per second of the attack: waiting for the last answers does not lower it, as it does throughput."""
    run = build_run(N, rate=100.0, facts={"wait_s": 10.0})
    assert value(run, "goodput") == pytest.approx(100.0, rel=0.01)
    assert value(run, "throughput") == pytest.approx(50.0, rel=0.01)


def routed(sent: Sequence[str | None], to: Sequence[str], subset: Sequence[str] | None = None) -> Run:
    """Return a run with the header ``target`` as sent, and where each request went."""
    return build_run(
        len(sent),
        extracted={
            "header.target": column(list(sent)),
            "sidecar_flags": column([""] * len(sent)),
            "sidecar_service": column([f"shop/{name}" for name in to]),
            "sidecar_subset": column(list(subset or [""] * len(sent))),
        },
    )


HEADERS = ["mountain", None, "mountain", "plant"]
CONTRACT = "routed[target: mountain -> plant] == 100%"


@pytest.mark.parametrize(
    ("to", "outcome"),
    [
        (["plant", "general", "plant", "general"], Outcome.GO),
        (["plant", "general", "general", "general"], Outcome.NO_GO),
        (["plant", "general", "plant", "plant"], Outcome.NO_GO),
        (["general"] * 4, Outcome.NO_GO),
    ],
    ids=["as declared", "one with the header elsewhere", "one without it there", "the route matches nothing"],
)
def test_routing_holds_for_every_request(to: Sequence[str], outcome: Outcome) -> None:
    """All with the header go there, and none without it."""
    assert said(routed(HEADERS, to), CONTRACT).outcome is outcome


def test_routing_may_name_a_subset_or_a_namespace() -> None:
    """A destination is a Service, short or in full, or a subset."""
    run = routed(HEADERS, ["iris"] * 4, ["rf", "svc", "rf", "svc"])
    assert said(run, "routed[target: mountain -> rf] == 100%").outcome is Outcome.GO
    run = routed(HEADERS, ["plant", "general", "plant", "general"])
    assert said(run, "routed[target: mountain -> shop/plant] == 100%").outcome is Outcome.GO


@pytest.mark.parametrize("sent", [["mountain"] * 4, [None] * 4])
def test_a_contract_on_routing_needs_both_kinds(sent: Sequence[str | None]) -> None:
    """Without a request of either kind half of the contract was not tried."""
    found = evidence(routed(sent, ["plant"] * 4), parse(CONTRACT).measure)
    assert isinstance(found, Missing)


def test_a_header_that_no_target_sends_is_refused() -> None:
    """A misspelt header in the criterion is a usage error, not a verdict."""
    with pytest.raises(UsageError, match="taregt"):
        said(routed(HEADERS, ["plant"] * 4), "routed[taregt: mountain -> plant] == 100%")


@pytest.mark.parametrize("key", ["mountain -> plant", "target: mountain", "target: -> plant", "target mountain -> x"])
def test_a_contract_that_cannot_be_read_is_refused(key: str) -> None:
    """The message shows how it is written."""
    with pytest.raises(GrammarError, match=r"routed\[target: mountain -> plant\]"):
        parse(f"routed[{key}] == 100%")


def test_expressions_say_what_the_text_says() -> None:
    """The criteria of both forms are equal."""
    pairs = [
        (gonogo.breaker.rejected <= 60 * gonogo.percent, "breaker.rejected <= 60%"),
        (gonogo.breaker.only_breaker_errors == 1, "breaker.only_breaker_errors == 100%"),
        (gonogo.routed("target: mountain", to="plant"), CONTRACT),
        (gonogo.goodput >= 480, "goodput >= 480/s"),
    ]
    assert [str(made) for made, _ in pairs] == [str(parse(text)) for _, text in pairs]


def test_the_breakers_measures_have_no_key() -> None:
    """What stands in brackets would mean nothing."""
    with pytest.raises(GrammarError, match="no key"):
        parse("breaker.rejected[GET /] <= 60%")

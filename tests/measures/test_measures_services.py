"""Criteria on captured answers of one of several Services, and what captures lack."""

from dataclasses import replace

import numpy as np
import pytest

from fixtures.runs import build_run
from gonogo.errors import UsageError
from gonogo.measures.judge import judge
from gonogo.measures.sides import LACKING, LOST, SERVICE, UNARRIVED, service_of
from gonogo.runs.run import Run
from gonogo.verdicts.grammar import parse, parse_measure
from gonogo.verdicts.verdict import Outcome

N = 4000


def run_of(*, disagree: str = "", uncopied: int = 0, labels: dict[str, str] | None = None) -> Run:
    """A run whose even requests ask shop/a, every third of the others nothing that is captured, the rest shop/b."""
    services = ["shop/a" if number % 2 == 0 else (None if number % 3 == 0 else "shop/b") for number in range(N)]
    columns = {
        SERVICE: services,
        "live_captured": [name is not None for name in services],
        "live_status": [None if name is None else 200 for name in services],
        "live_latency_s": [None if name is None else 0.01 for name in services],
        "live_score_x": [None if name is None else 0.5 for name in services],
        "shadow_score_x": [None if name is None else 0.5 for name in services],
        "copies": [None if name is None else int(number >= uncopied) for number, name in enumerate(services)],
        "agrees": [None if name is None else name != disagree for name in services],
    }
    extracted = {}
    for name, values in columns.items():
        extracted[name] = np.full(N, None, dtype=object)
        extracted[name][:] = values
    run = build_run(N, extracted=extracted)
    return replace(run, facts=replace(run.facts, labels=labels or {}))


@pytest.mark.parametrize(
    ("key", "rest"),
    [("service=a", ""), ("service = shop/a", ""), ("x | service=a", "x"), ("region=north | service=a", "region=north")],
)
def test_a_key_names_its_service(key: str, rest: str) -> None:
    """By its name or with its namespace, alone or behind another key."""
    service, measure = service_of(parse_measure(f"parity.agreement[{key}]"), ["shop/a", "shop/b"])
    assert (service, measure.key) == ("shop/a", rest)


def test_one_service_needs_no_name() -> None:
    """There is no doubt."""
    assert service_of(parse_measure("mirror.once"), ["shop/a"])[0] == "shop/a"


def test_of_several_services_one_must_be_named() -> None:
    """The message has the criterion as it must be written."""
    with pytest.raises(UsageError) as refused:
        service_of(parse_measure("parity.psi[x]"), ["shop/a", "shop/b"])
    assert "parity.psi[x | service=shop/a]" in str(refused.value)


@pytest.mark.parametrize("name", ["c", "other/a"])
def test_a_service_that_is_not_captured_is_refused(name: str) -> None:
    """With those that are."""
    with pytest.raises(UsageError, match="no captured Service"):
        service_of(parse_measure(f"mirror.once[service={name}]"), ["shop/a", "shop/b"])


@pytest.mark.parametrize(("service", "outcome"), [("a", Outcome.NO_GO), ("b", Outcome.GO)])
def test_a_criterion_is_judged_on_its_service_alone(service: str, outcome: Outcome) -> None:
    """The other one's answers, and requests to neither, are nothing to it."""
    run = run_of(disagree="shop/a")
    assert judge(run, parse(f"parity.agreement[service={service}] >= 95%")).outcome is outcome


@pytest.mark.parametrize(
    "text", ["live.p99[service=b] <= 50ms", "parity.psi[x | service=b] <= 1", "live.success >= 99%"]
)
def test_every_measure_of_captures_can_name_it(text: str) -> None:
    """Times, scores and shares; and a name is needed for each of them."""
    if "service" in text:
        assert judge(run_of(), parse(text)).outcome is Outcome.GO
    else:
        with pytest.raises(UsageError, match="which Service"):
            judge(run_of(), parse(text))


def test_what_a_capture_lacks_decides_nothing() -> None:
    """The reason is the one that the source gave; the other Service is judged as ever."""
    run = run_of(labels={f"{LACKING}shop/a": "the log of shop/a-1 lacks 'input'"})
    lacking, other = (judge(run, parse(f"parity.agreement[service={name}] >= 95%")) for name in ("a", "b"))
    assert lacking.outcome is Outcome.INCONCLUSIVE
    assert "lacks 'input'" in lacking.reason
    assert other.outcome is Outcome.GO


@pytest.mark.parametrize("label", [LOST, UNARRIVED])
def test_a_copy_that_is_not_captured_may_have_arrived(label: str) -> None:
    """Where captures were lost, or a log tells of answers only, a missing copy is no proof that it was not sent."""
    told = {f"{label}shop/a": "the log of shop/a-1 says nothing of it"}
    claim = parse("mirror.once[service=a] == 100%")
    assert judge(run_of(uncopied=10), claim).outcome is Outcome.NO_GO
    assert judge(run_of(uncopied=10, labels=told), claim).outcome is Outcome.INCONCLUSIVE
    assert judge(run_of(labels=told), claim).outcome is Outcome.GO

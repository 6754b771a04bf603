"""What a run amounts to: the evidence of every measure."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fixtures.runs import build_run
from gonogo.errors import UsageError
from gonogo.measures.registry import evidence
from gonogo.runs.run import ERRORS, Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.estimate import estimate
from gonogo.verdicts.evidence import Fact, Mean, Proportion, Quantile
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.vocabulary import ERROR_KINDS


def _value(run: Run, name: str) -> float:
    """Return the observed figure of a measure as criteria write it."""
    unit = {"success": "<= 50%", "status": "<= 50%", "errors": "<= 50%", "throughput": "<= 1/s", "requests": "<= 1"}
    head = name.partition("[")[0]
    return estimate(evidence(run, parse(f"{name} {unit.get(head, '<= 1s')}").measure)).value


def _mixed() -> Run:
    """Return 100 requests, ten of each: 503, 500, timeouts, failed checks; the rest are good and take 10 ms."""
    kinds = np.arange(100) % 10
    error = ["timeout" if kind == 2 else "check" if kind == 3 else "" for kind in kinds]
    status = np.where(kinds == 0, 503, np.where(kinds == 1, 500, 200))
    latency = np.where(kinds == 0, 0.001, np.where(kinds == 1, 0.002, np.where(kinds == 2, 10.0, 0.01)))
    return build_run(100, status=status, error=error, latency_s=latency)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("success", 0.6),
        ("status[503]", 0.1),
        ("status[5xx]", 0.2),
        ("status[200]", 0.7),
        ("errors", 0.2),
        ("errors[timeout]", 0.1),
        ("errors[check]", 0.1),
        ("errors[refused]", 0.0),
        ("p50", 0.01),
        ("p90", math.inf),
        ("answered.p50", 0.01),
        ("answered.p1", 0.001),
        ("answered.max", 0.01),
        ("admitted.p50", 0.01),
        ("admitted.p66", 0.01),
        ("admitted.p67", math.inf),
        ("min", 0.01),
        ("max", math.inf),
        ("requests", 100),
        ("queued.p99", 0.0),
        ("lag.p99", 0.0),
    ],
)
def test_measures_of_a_mixed_run(name: str, value: float) -> None:
    """Failures divide by all due requests, are slower than any limit, and each population says whom it leaves out."""
    assert _value(_mixed(), name) == pytest.approx(value)


def test_throughput_is_successes_over_attack_and_wait() -> None:
    """Throughput divides by the whole time, the wait for the last answers included."""
    run = _mixed()
    assert _value(run, "throughput") == pytest.approx(60 / (run.facts.attack_s + run.facts.wait_s))


def test_blocks_of_throughput_average_to_it() -> None:
    """The mean of the blocks is the figure of the run."""
    found = evidence(_mixed(), MeasureName("throughput"))
    assert isinstance(found, Mean)
    assert float(found.values.mean()) == pytest.approx(found.observed)


def test_wait_for_a_connection_is_the_services() -> None:
    """Waiting for a free connection is queued, not lag."""
    run = build_run(queued_s=0.3, lag_s=0.0001)
    assert (_value(run, "queued.max"), _value(run, "lag.max")) == pytest.approx((0.3, 0.0001))


def test_unsent_requests_have_no_bound_on_lag() -> None:
    """What the generator never sent is later than any limit."""
    assert _value(build_run(10, error=["unsent", *[""] * 9]), "lag.max") == math.inf


def test_key_names_a_target() -> None:
    """A measure with a target's name looks at its requests only."""
    run = build_run(100, target=np.arange(100) % 2, targets=("GET /", "POST /x"), latency_s=np.arange(100) % 2 + 1.0)
    assert [_value(run, f"{name}[POST /x]") for name in ("p50", "requests", "success")] == [2.0, 50, 1.0]


def test_targets_of_one_name_are_one() -> None:
    """Two targets with the same name are judged together."""
    run = build_run(100, target=np.arange(100) % 2, targets=("GET /", "GET /"))
    assert _value(run, "requests[GET /]") == 100


@pytest.mark.parametrize("name", ["p99", "success", "throughput", "requests", "mean"])
def test_unknown_target_lists_those_there_are(name: str) -> None:
    """A target that the run has not got is an error which names those that it has."""
    with pytest.raises(UsageError, match="it has 'GET /', 'POST /x'"):
        evidence(build_run(targets=("GET /", "POST /x")), MeasureName(name, key="GET /y"))


def test_unknown_measure_is_refused() -> None:
    """A name that is no measure is a usage error with a suggestion."""
    with pytest.raises(UsageError, match="did you mean success"):
        evidence(build_run(), MeasureName("sucess"))


def test_requests_cut_short_are_in_no_measure() -> None:
    """Requests on their way when the run was cut short are neither successes nor failures."""
    run = build_run(100, error=[*[""] * 90, *["cut"] * 10])
    assert [_value(run, name) for name in ("requests", "success", "max")] == [90, 1.0, pytest.approx(0.01)]


def test_mean_of_unsuccessful_requests_is_undefined() -> None:
    """A mean over all due requests does not exist when one of them failed; that of the answered ones does."""
    run = _mixed()
    assert (_value(run, "mean"), _value(run, "answered.mean")) == pytest.approx((math.inf, 0.73 / 90))


@pytest.mark.parametrize("name", ["p99", "mean", "max", "success", "throughput", "lag.p99", "answered.mean"])
def test_empty_run_has_no_figure(name: str) -> None:
    """A run without a request gives evidence that says so."""
    assert math.isnan(_value(build_run(0), name))


@pytest.mark.parametrize(("n", "blocks"), [(1, 1), (7, 7), (200, 200), (60000, 200)])
def test_blocks_are_as_fine_as_requests_allow(n: int, blocks: int) -> None:
    """There are as many blocks of equal length as requests, and 200 at most."""
    found = evidence(build_run(n), MeasureName("success"))
    assert isinstance(found, Proportion)
    assert (len(found.trials), int(found.trials.sum())) == (blocks, n)


def test_blocks_of_even_traffic_are_even() -> None:
    """At a constant rate every block has the same number of requests, but for one."""
    found = evidence(build_run(60000, rate=1000), MeasureName("success"))
    assert isinstance(found, Proportion)
    assert int(found.trials.max() - found.trials.min()) <= 1


def test_kinds_of_evidence() -> None:
    """Percentiles are quantiles, extremes and counts are facts."""
    run = build_run()
    kinds = [type(evidence(run, MeasureName(name))) for name in ("p99", "max", "requests", "mean")]
    assert kinds == [Quantile, Fact, Fact, Mean]


def test_grammar_knows_the_errors_of_runs() -> None:
    """Every kind of failure that a run can hold can be named in a criterion, except none and cut."""
    assert set(ERROR_KINDS) == set(ERRORS) - {"", "cut"}

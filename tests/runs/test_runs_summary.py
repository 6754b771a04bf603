"""The summary of a run, as scripts read it from summary.json."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from fixtures.runs import build_run
from gonogo.runs.run import Run
from gonogo.runs.summary import summarize

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "summary.schema.json").read_text(encoding="utf-8"))


def _mixed() -> Run:
    error = ["timeout"] * 5 + ["cut"] * 5 + [""] * 90
    status = np.where(np.arange(100) < 20, 503, 200)
    return build_run(100, error=error, status=status, latency_s=np.arange(100) / 1000)


def test_keys_are_the_contract() -> None:
    """Scripts find every figure that they rely on."""
    promised = (
        "requests due rate throughput duration_s attack_s wait_s latency_s lag_s queued_s bytes_in bytes_out "
        "success_ratio status errors valid invalid_reason"
    )
    assert set(promised.split()) <= set(summarize(_mixed()))


def test_figures_of_a_mixed_run() -> None:
    """Successes divide by what was due and not cut, statuses and errors are counted, latency is of the answered."""
    found = summarize(_mixed())
    assert {key: found[key] for key in ("due", "requests", "success_ratio", "status", "errors", "population")} == {
        "due": 100,
        "requests": 100,
        "success_ratio": 80 / 95,
        "status": {"200": 80, "503": 10},
        "errors": {"timeout": 5, "cut": 5},
        "population": "answered requests",
    }


def test_latency_is_of_answered_requests() -> None:
    """Unanswered requests are in the errors, not in the latencies."""
    latency = summarize(_mixed())["latency_s"]
    expected = {"min": 0.01, "p50": 0.054, "p90": 0.09, "p95": 0.095, "p99": 0.099, "p999": 0.099, "max": 0.099}
    assert latency == pytest.approx({**expected, "mean": 0.0545})


def test_rate_and_throughput() -> None:
    """The rate is what was sent over the attack, throughput the successes over attack and wait."""
    found = summarize(build_run(101, rate=100))
    assert (found["rate"], found["throughput"], found["duration_s"]) == (
        pytest.approx(101.0),
        pytest.approx(101 / 1.01),
        pytest.approx(1.01),
    )


def test_targets_are_told_apart() -> None:
    """Every target has its own figures."""
    run = build_run(100, target=np.arange(100) % 4 == 0, targets=("GET /", "POST /x"))
    targets = summarize(run)["targets"]
    assert isinstance(targets, list)
    assert [(target["name"], target["due"]) for target in targets] == [("GET /", 75), ("POST /x", 25)]


@pytest.mark.parametrize(
    "run",
    [_mixed(), build_run(0), build_run(5, error="unsent"), build_run(3, facts={"cut_short": "stopped"})],
    ids=["mixed", "empty", "unsent", "cut"],
)
def test_summary_follows_its_schema(run: Run) -> None:
    """The summary of any run is strict JSON that docs/summary.schema.json describes."""
    text = json.dumps(summarize(run), allow_nan=False)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))


def test_schema_refuses_a_foreign_summary() -> None:
    """The schema is not satisfied by just anything."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate({**summarize(_mixed()), "success_ratio": "good"})

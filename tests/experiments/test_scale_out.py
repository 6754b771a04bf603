"""What is seen of a scale-out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from gonogo.experiments.scale_out.result import ScaleOutResult, rejected_by_second
from gonogo.runs.run import Run, RunFacts
from gonogo.suite.autoscaling import Scaled
from gonogo.suite.run import JudgedRun
from tests.report.conftest import build_run


def _run(flags: Sequence[str | None], rate: float = 10.0) -> Run:
    run = build_run(requests=len(flags), rate=rate)
    return replace(run, columns=replace(run.columns, extracted={"sidecar_flags": np.array(flags, dtype=object)}))


def _result(flags: Sequence[str | None]) -> ScaleOutResult:
    run = _run(flags)
    event = Scaled(1.0, "2026-01-01T00:00:01+00:00", "shop/web", 1, 2, "90% of the requested CPU in use")
    judged = JudgedRun(run, lambda _: None)
    return ScaleOutResult(judged, "shop/web", ((3.2, event),), (1, 2), rejected_by_second(run.columns))


def test_rejections_are_counted_by_the_second_in_which_they_were_due() -> None:
    """Overflow alone or among other flags is a rejection; no record, and other flags, are none."""
    flags = ["UO", "-", None, "UF,UO", "UH"] * 2 + ["-"] * 10
    assert rejected_by_second(_run(flags).columns) == ((0.0, 0.4), (1.0, 0.0))


def test_beginning_and_end_are_a_fifth_each() -> None:
    """Ten seconds: the first two against the last two."""
    result = _result(["UO"] * 10 + ["-"] * 80 + ["UO"] * 1 + ["-"] * 9)
    assert result.first == pytest.approx(0.5)
    assert result.last == pytest.approx(0.05)
    assert result.conclusion == "shop/web went from 1 to 2 ready replicas, and rejections from 50 % to 5 %"


def test_the_judgment_shows_when_replicas_were_decided_on() -> None:
    """As steps with their reasons, and as marks on the curve."""
    entry = _result(["-"] * 100).entry("suites/t.py::test_a")
    assert [(step.at_s, step.what) for step in entry.steps] == [(3.2, "shop/web: 1 to 2 replicas")]
    assert entry.curves[0].marks == ((3.2, "2 replicas"),)


def test_a_run_without_requests_has_no_course() -> None:
    """Nothing due, nothing said."""
    run = _run(["-"])
    empty = replace(run.columns.first(0), extracted={"sidecar_flags": np.array([], dtype=object)})
    assert rejected_by_second(empty) == ()
    assert isinstance(run.facts, RunFacts)

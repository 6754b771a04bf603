"""Concurrent requests in one run of the model."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixtures.patience import PATIENCE_S
from gonogo_services.model_file import ModelFile
from gonogo_services.model_server.batcher import Batcher
from gonogo_services.model_server.fault import Fault, FaultKind
from gonogo_services.model_server.model import ServedModel, Tensors


class Gated(ServedModel):
    """A model whose runs wait to be let through, and are noted; answers its input plus one."""

    def __init__(self, path: Path) -> None:
        super().__init__(ModelFile.read(path), "gated")
        self.open()
        self.gate = threading.Event()
        self.began = threading.Event()
        self.rows: list[int] = []

    def run(self, inputs: Tensors) -> Tensors:
        """Wait, note the number of rows, and answer."""
        self.began.set()
        assert self.gate.wait(PATIENCE_S)
        self.rows.append(len(inputs["image"]))
        if np.isnan(inputs["image"]).any():
            raise Fault(FaultKind.INTERNAL, "not a number")
        return {"scores": inputs["image"][:, 0, 0, :] + 1}


def pixels(value: float, rows: int = 1) -> dict[str, Any]:
    """Rows of one value."""
    return {"image": np.full((rows, 64, 64, 3), value, np.float32)}


@pytest.fixture
def model(trained: Path) -> Gated:
    """A model that waits."""
    return Gated(trained / "general.onnx")


def first_then(batcher: Batcher, model: Gated, *others: dict[str, Any]) -> list[Future[Tensors]]:
    """Submit a request, others while it runs, then let everything through."""
    answers = [batcher.submit(pixels(0))]
    assert model.began.wait(PATIENCE_S)
    answers += [batcher.submit(one) for one in others]
    model.gate.set()
    return answers


def test_what_waits_goes_into_one_run_and_everybody_gets_their_own(model: Gated) -> None:
    """Three requests of one, two and one rows wait while the first runs."""
    with Batcher(model, 32) as batcher:
        answers = first_then(batcher, model, pixels(1), pixels(2, rows=2), pixels(3))
        found = [one.result(PATIENCE_S)["scores"][:, 0].tolist() for one in answers]
    assert found == [[1], [2], [3, 3], [4]]
    assert model.rows == [1, 4]


def test_a_run_has_no_more_rows_than_it_may(model: Gated) -> None:
    """What does not fit goes into the next one; a request that is larger runs alone."""
    with Batcher(model, 3) as batcher:
        answers = first_then(batcher, model, pixels(1, rows=2), pixels(2, rows=2), pixels(3, rows=5))
        for one in answers:
            one.result(PATIENCE_S)
    assert model.rows == [1, 2, 2, 5]


def test_one_row_a_run_is_no_batching(model: Gated) -> None:
    """BATCH_ROWS=1."""
    with Batcher(model, 1) as batcher:
        for one in first_then(batcher, model, pixels(1), pixels(2)):
            one.result(PATIENCE_S)
    assert model.rows == [1, 1, 1]


def test_a_run_that_fails_is_told_to_everybody_in_it(model: Gated) -> None:
    """And the next one goes well."""
    with Batcher(model, 32) as batcher:
        answers = first_then(batcher, model, pixels(float("nan")), pixels(1))
        kinds = [one.exception(PATIENCE_S) for one in answers[1:]]
        assert batcher.submit(pixels(5)).result(PATIENCE_S)["scores"][0, 0] == 6
    assert [isinstance(one, Fault) for one in kinds] == [True, True]


def test_nobody_waits_for_ever_when_the_server_stops(model: Gated) -> None:
    """What was submitted before the end is answered."""
    with Batcher(model, 32) as batcher:
        answers = first_then(batcher, model, pixels(1))
    assert [one.done() for one in answers] == [True, True]


def test_inputs_that_do_not_fit_are_refused_before_they_wait(model: Gated) -> None:
    """Nobody else's run is spoilt."""
    with Batcher(model, 32) as batcher, pytest.raises(Fault) as caught:
        batcher.submit({"image": np.zeros((1, 8, 8, 3), np.float32)})
    assert caught.value.kind is FaultKind.INVALID_ARGUMENT


def test_a_queue_that_is_full_refuses(model: Gated) -> None:
    """Memory is bounded; the client is told to come again."""
    with Batcher(model, 32) as batcher:
        batcher.submit(one := pixels(0))
        assert model.began.wait(PATIENCE_S)
        try:
            with pytest.raises(Fault) as caught:
                submit_often(batcher, one, 2000)
        finally:
            model.gate.set()
    assert caught.value.kind is FaultKind.RESOURCE_EXHAUSTED


def submit_often(batcher: Batcher, inputs: dict[str, Any], times: int) -> None:
    """Submit the same inputs again and again."""
    for _ in range(times):
        batcher.submit(inputs)

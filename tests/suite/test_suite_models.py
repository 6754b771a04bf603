"""Which model a service serves, by what it tells of itself."""

from __future__ import annotations

import httpx
import pytest

from gonogo.suite.models import ServedModel, told_model

SHA256 = "9881a4f08924c11c88bc98bde52eb3072d99f65fecfe40b421143ba7aa7d361c"


def told(answer: httpx.Response | Exception) -> ServedModel | None:
    """Return what a service that gives ``answer`` is taken to serve."""

    def handle(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with httpx.Client(transport=httpx.MockTransport(handle)) as client:
        return told_model(client, "http://iris/metadata")


def test_name_and_hash_are_told() -> None:
    """Other facts of the metadata do not matter."""
    answer = httpx.Response(200, json={"model": "iris_svc.onnx", "model_sha256": SHA256, "data_type": "float32"})
    assert told(answer) == ServedModel("iris_svc.onnx", SHA256)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, json={"detail": "Not Found"}),
        httpx.Response(200, text="ok"),
        httpx.Response(200, json=[1]),
        httpx.Response(200, json={"model_sha256": "new"}),
        httpx.Response(200, json={"model_sha256": 7}),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("late"),
    ],
    ids=["no metadata", "no JSON", "no object", "no hash", "a number", "no connection", "no answer"],
)
def test_a_service_that_does_not_tell_is_left_out(answer: httpx.Response | Exception) -> None:
    """No guess takes the place of a model."""
    assert told(answer) is None

"""The iris service answers what it documents."""

from __future__ import annotations

from pathlib import Path

import httpx
import jsonschema
import numpy as np
import pytest
from onnx import TensorProto, helper

from gonogo_services.errors import ModelError
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.training import iris_data
from gonogo_services.model_file import ModelFile
from gonogo_services.serving.operation import Operation
from gonogo_services.serving.service import Service

SETOSA = [5.1, 3.5, 1.4, 0.2]


async def test_health(iris: httpx.AsyncClient) -> None:
    """The health answer is exactly this."""
    assert (await iris.get("/health")).json() == {"health": "ok"}


async def test_label_gives_three_names(iris: httpx.AsyncClient) -> None:
    """The names stand in the order of the probabilities."""
    assert (await iris.get("/label")).json() == ["setosa", "versicolor", "virginica"]


async def test_metadata_says_types_shapes_and_samples(iris: httpx.AsyncClient, classifier: Classifier) -> None:
    """The metadata describe what goes in and comes out, and name the model by file and content."""
    assert (await iris.get("/metadata")).json() == {
        "data_type": "float32",
        "data_structure": "(N, 4)",
        "data_sample": [SETOSA],
        "prediction_type": "float32",
        "prediction_structure": "(N, 3)",
        "prediction_sample": classifier.probabilities(np.array([SETOSA], np.float32)),
        "model": "iris_svc.onnx",
        "model_sha256": classifier.model.sha256,
    }


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_sample_is_a_setosa(iris: httpx.AsyncClient, method: str) -> None:
    """The built-in sample and the same row sent by a client get three probabilities with setosa far ahead."""
    if method == "GET":
        answer = await iris.get("/predict/test")
    else:
        answer = await iris.post("/predict", json={"data": [SETOSA]})
    (row,) = answer.json()["prediction"]
    assert len(row) == 3
    assert sum(row) == pytest.approx(1, abs=1e-5)
    assert row[0] > 0.9


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_sample_is_called_setosa(iris: httpx.AsyncClient, method: str) -> None:
    """The built-in sample and the same row sent by a client are named."""
    if method == "GET":
        answer = await iris.get("/predict/test/label")
    else:
        answer = await iris.post("/predict/label", json={"data": [SETOSA]})
    assert answer.json() == {"prediction": ["setosa"]}


@pytest.mark.parametrize("path", ["/predict", "/predict/label"])
@pytest.mark.parametrize("rows", [1, 2, 150, 10_000])
async def test_a_batch_of_n_rows_answers_n_rows(iris: httpx.AsyncClient, path: str, rows: int) -> None:
    """Every row gets its own answer."""
    lengths = np.resize(iris_data()[0], (rows, 4)).round(1).tolist()
    assert len((await iris.post(path, json={"data": lengths})).json()["prediction"]) == rows


async def test_a_row_answers_the_same_alone_and_in_a_batch(iris: httpx.AsyncClient) -> None:
    """Neighbours in a batch do not change an answer."""
    lengths = iris_data()[0][[0, 60, 120]].astype(float).tolist()
    together = (await iris.post("/predict", json={"data": lengths})).json()["prediction"]
    alone = [(await iris.post("/predict", json={"data": [row]})).json()["prediction"][0] for row in lengths]
    np.testing.assert_allclose(alone, together, atol=1e-6)


async def test_extreme_lengths_still_get_probabilities(iris: httpx.AsyncClient) -> None:
    """The largest 32-bit numbers are answered with three probabilities."""
    largest = float(np.finfo(np.float32).max)
    answer = await iris.post("/predict", json={"data": [[largest, -largest, 0, largest]]})
    assert sum(answer.json()["prediction"][0]) == pytest.approx(1, abs=1e-5)


async def test_integers_and_further_keys_are_taken(iris: httpx.AsyncClient) -> None:
    """Whole numbers need no decimal point, and keys besides data are ignored."""
    assert (await iris.post("/predict", json={"data": [[5, 3, 1, 0]], "user": 7})).status_code == 200


async def test_every_answer_is_documented(iris: httpx.AsyncClient) -> None:
    """The OpenAPI document has each operation with the statuses that it may answer."""
    paths = (await iris.get("/openapi.json")).json()["paths"]
    statuses = {
        f"{method} {path}": sorted(entry["responses"])
        for path, entries in paths.items()
        for method, entry in entries.items()
    }
    assert statuses == {
        "get /health": ["200"],
        "get /metadata": ["200"],
        "get /label": ["200"],
        "get /predict/test": ["200"],
        "get /predict/test/label": ["200"],
        "post /predict": ["200", "400", "413", "422"],
        "post /predict/label": ["200", "400", "413", "422"],
    }


@pytest.mark.parametrize("path", ["/health", "/metadata", "/label", "/predict/test", "/predict/test/label"])
async def test_answers_have_the_documented_form(iris: httpx.AsyncClient, path: str) -> None:
    """Each answer validates against the schema in the OpenAPI document."""
    document = (await iris.get("/openapi.json")).json()
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate((await iris.get(path)).json(), {**document, **schema})


async def test_the_short_way_and_fastapi_answer_alike() -> None:
    """An operation reached through FastAPI's router under a mount path answers as it does directly."""
    service = Service("one", "", [Operation("GET", "/answer", "Answer.", lambda _: [42], list[int])])
    answers = []
    for prefix in ("", "/mounted"):
        transport = httpx.ASGITransport(app=service, root_path=prefix)
        async with httpx.AsyncClient(transport=transport, base_url="http://one") as client:
            answer = await client.get(f"{prefix}/answer")
            answers.append((answer.status_code, answer.content, answer.headers["content-type"]))
    assert answers == [(200, b"[42]", "application/json")] * 2


def _first_columns(path: str, width: int) -> ModelFile:
    """A model that answers the first ``width`` of the four numbers of each row."""
    bounds = {"start": 0, "end": width, "axis": 1}
    graph = helper.make_graph(
        [helper.make_node("Slice", ["data", *bounds], ["answer"])],
        "slice",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, [None, width])],
        [helper.make_tensor(name, TensorProto.INT64, [1], [value]) for name, value in bounds.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return ModelFile(Path(path), model.SerializeToString())


def test_a_model_of_another_shape_is_refused() -> None:
    """A model that answers two numbers a row is no iris model, and the error says what it has."""
    with pytest.raises(ModelError, match=r"/m/two.onnx is no iris model: it has data .*, answer .*2.*needed"):
        Classifier(_first_columns("/m/two.onnx", 2)).open()


def test_a_model_that_answers_no_probabilities_is_refused() -> None:
    """A model of the right shape whose answers do not add up to 1 is refused at start."""
    with pytest.raises(ModelError, match=r"/m/odd.onnx answers .* no probabilities"):
        Classifier(_first_columns("/m/odd.onnx", 3)).open()

"""The model server's protocols, spoken by unchanged public clients and by hand."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import numpy as np
import onnxruntime
import pytest

from fixtures.client import get, post
from fixtures.patience import PATIENCE_S
from gonogo_services.model_server.protocol import open_inference as oip
from gonogo_services.model_server.protocol import tensorflow_serving as tfs
from tests.images.conftest import System

PIXELS = np.random.default_rng(1).random((3, 64, 64, 3), np.float32)


@pytest.fixture(scope="session")
def expected(trained: Path) -> Any:  # noqa: ANN401 - an array
    """What onnxruntime itself answers for the pixels."""
    session = onnxruntime.InferenceSession(str(trained / "plant.onnx"), providers=["CPUExecutionProvider"])
    return session.run(None, {"image": PIXELS})[0]


@pytest.fixture
def channel(plant: System) -> Iterator[grpc.Channel]:
    """A gRPC channel to the model server."""
    with grpc.insecure_channel(plant.grpc) as opened:
        yield opened


def code_of(channel: grpc.Channel, method: str, content: bytes) -> grpc.StatusCode:
    """Return the status code that a call with these bytes ends with."""
    try:
        channel.unary_unary(method, bytes, bytes)(content, timeout=PATIENCE_S)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_tritons_client_gets_what_the_model_answers(plant: System, expected: Any) -> None:  # noqa: ANN401
    """tritonclient.grpc, unchanged, over the Open Inference Protocol."""
    tritonclient = importlib.import_module("tritonclient.grpc")
    tensor = tritonclient.InferInput("image", list(PIXELS.shape), "FP32")
    tensor.set_data_from_numpy(PIXELS)
    with tritonclient.InferenceServerClient(plant.grpc) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("plant", "1")
        assert list(client.get_model_metadata("plant").inputs[0].shape) == [-1, 64, 64, 3]
        assert client.get_server_metadata().name == "gonogo-model-server"
        answer = client.infer(
            "plant", [tensor], request_id="seven", outputs=[tritonclient.InferRequestedOutput("scores")]
        )
    assert answer.get_response().id == "seven"
    np.testing.assert_allclose(answer.as_numpy("scores"), expected, atol=1e-6)


def test_openvinos_client_gets_what_the_model_answers_over_grpc(plant: System, expected: Any) -> None:  # noqa: ANN401
    """ovmsclient, unchanged, over TensorFlow Serving's gRPC API."""
    client = importlib.import_module("ovmsclient").make_grpc_client(plant.grpc)
    assert client.get_model_status("plant", timeout=PATIENCE_S)[1]["state"] == "AVAILABLE"
    assert client.get_model_metadata("plant", timeout=PATIENCE_S)["inputs"]["image"]["shape"] == [-1, 64, 64, 3]
    np.testing.assert_allclose(client.predict({"image": PIXELS}, "plant", timeout=PATIENCE_S), expected, atol=1e-6)


def test_openvinos_client_gets_what_the_model_answers_over_rest(plant: System, expected: Any) -> None:  # noqa: ANN401
    """ovmsclient, unchanged, over TensorFlow Serving's REST API."""
    client = importlib.import_module("ovmsclient").make_http_client(plant.server.url.removeprefix("http://"))
    with client.session:
        assert client.get_model_status("plant", timeout=PATIENCE_S)[1]["state"] == "AVAILABLE"
        np.testing.assert_allclose(client.predict({"image": PIXELS}, "plant", timeout=PATIENCE_S), expected, atol=1e-6)


def test_metadata_over_rest_is_tensorflow_servings(plant: System) -> None:
    """In its own spelling; OpenVINO's server spells the same keys otherwise."""
    metadata = get(f"{plant.server.url}/v1/models/plant/metadata").json()
    signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert [dim["size"] for dim in signature["outputs"]["scores"]["tensor_shape"]["dim"]] == ["-1", "4"]


@pytest.mark.parametrize(
    "content", [{"instances": PIXELS.tolist()}, {"instances": [{"image": one} for one in PIXELS.tolist()]}]
)
def test_rows_over_rest_give_rows(plant: System, content: dict[str, Any], expected: Any) -> None:  # noqa: ANN401
    """TensorFlow Serving's row format, with and without the input's name."""
    answer = post(f"{plant.server.url}/v1/models/plant:predict", json=content)
    np.testing.assert_allclose(answer.json()["predictions"], expected, atol=1e-6)


@pytest.mark.parametrize("inputs", [PIXELS.tolist(), {"image": PIXELS.tolist()}])
def test_columns_over_rest_give_columns(plant: System, inputs: Any, expected: Any) -> None:  # noqa: ANN401
    """TensorFlow Serving's columnar format, with and without the input's name, and with the version in the path."""
    url = f"{plant.server.url}/v1/models/plant/versions/1:predict"
    answer = post(url, json={"inputs": inputs, "signature_name": "serving_default"})
    np.testing.assert_allclose(answer.json()["outputs"], expected, atol=1e-6)


@pytest.mark.parametrize("binary", [False, True])
def test_open_inference_over_rest(plant: System, binary: bool, expected: Any) -> None:  # noqa: ANN401, FBT001
    """Tensors as JSON, or as bytes behind it."""
    described: dict[str, Any] = {"name": "image", "shape": PIXELS.shape, "datatype": "FP32"}
    if binary:
        described["parameters"] = {"binary_data_size": PIXELS.nbytes}
    else:
        described["data"] = PIXELS.ravel().tolist()
    head = httpx.Request("POST", "http://any", json={"id": "nine", "inputs": [described]}).content
    headers = {"inference-header-content-length": str(len(head))} if binary else {}
    content = head + (PIXELS.tobytes() if binary else b"")
    answer = post(f"{plant.server.url}/v2/models/plant/infer", content=content, headers=headers).json()
    assert (answer["id"], answer["outputs"][0]["shape"]) == ("nine", [3, 4])
    np.testing.assert_allclose(np.reshape(answer["outputs"][0]["data"], (3, 4)), expected, atol=1e-6)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"instances": []}',
        b'{"instances": [1], "inputs": [1]}',
        b'{"instances": [[1, 2], [3]]}',
        b'{"instances": ["a"]}',
        b'{"instances": [{"picture": 1}]}',
        b'{"inputs": {"picture": [1]}}',
        b'{"instances": [1], "signature_name": "other"}',
    ],
)
def test_a_rest_request_that_does_not_fit_is_400(plant: System, body: bytes) -> None:
    """With the key that TensorFlow Serving's clients read."""
    answer = post(f"{plant.server.url}/v1/models/plant:predict", content=body)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


@pytest.mark.parametrize("path", ["/v1/models/other", "/v1/models/plant/versions/2", "/v2/models/other"])
def test_another_model_over_rest_is_404(plant: System, path: str) -> None:
    """There is one model with one version."""
    assert get(f"{plant.server.url}{path}").status_code == 404


def predict_request(**changes: Any) -> Any:  # noqa: ANN401 - messages made at run time
    """A request of TensorFlow Serving's Predict with one grey image, and changes to its parts."""
    request = tfs.PredictRequest()
    request.model_spec.name = changes.get("name", "plant")
    request.model_spec.signature_name = changes.get("signature", "")
    request.model_spec.version.value = changes.get("version", 1)
    tensor = request.inputs[changes.get("input", "image")]
    tensor.dtype = changes.get("dtype", 1)
    for size in changes.get("shape", (1, 64, 64, 3)):
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = changes.get("content", bytes(4 * 64 * 64 * 3))
    request.output_filter.extend(changes.get("outputs", ()))
    return request


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, grpc.StatusCode.OK),
        ({"outputs": ["scores"]}, grpc.StatusCode.OK),
        ({"name": "other"}, grpc.StatusCode.NOT_FOUND),
        ({"version": 2}, grpc.StatusCode.NOT_FOUND),
        ({"signature": "other"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"input": "picture"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"outputs": ["logits"]}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"dtype": 7}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"dtype": 99}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"shape": (1, 64, 64)}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"shape": (-1, 64, 64, 3)}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"shape": (2**40, 2**40)}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"content": b"abc"}, grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_predict_ends_with_the_code_that_says_why(
    channel: grpc.Channel, changes: dict[str, Any], code: grpc.StatusCode
) -> None:
    """Whose fault it is can be told from the code."""
    content = predict_request(**changes).SerializeToString()
    assert code_of(channel, "/tensorflow.serving.PredictionService/Predict", content) is code


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("/tensorflow.serving.PredictionService/Predict", grpc.StatusCode.INVALID_ARGUMENT),
        ("/inference.GRPCInferenceService/ModelInfer", grpc.StatusCode.INVALID_ARGUMENT),
        ("/tensorflow.serving.PredictionService/Classify", grpc.StatusCode.UNIMPLEMENTED),
        ("/tensorflow.serving.PredictionService/MultiInference", grpc.StatusCode.UNIMPLEMENTED),
        ("/tensorflow.serving.ModelService/HandleReloadConfigRequest", grpc.StatusCode.UNIMPLEMENTED),
        ("/inference.GRPCInferenceService/ModelStreamInfer", grpc.StatusCode.UNIMPLEMENTED),
        ("/no.such.Service/Call", grpc.StatusCode.UNIMPLEMENTED),
    ],
)
def test_bytes_that_are_no_message_and_calls_that_there_are_not(
    channel: grpc.Channel, method: str, code: grpc.StatusCode
) -> None:
    """Neither is an internal error."""
    assert code_of(channel, method, b"\xff\xff\xff") is code


def test_a_message_that_is_too_long_exhausts_resources(channel: grpc.Channel) -> None:
    """65 MB are not taken into memory."""
    method = "/tensorflow.serving.PredictionService/Predict"
    assert code_of(channel, method, bytes(65 << 20)) is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_open_inference_values_outside_raw_contents_are_taken(channel: grpc.Channel, expected: Any) -> None:  # noqa: ANN401
    """Clients may put numbers into contents, and get them back there."""
    request = oip.ModelInferRequest(model_name="plant")
    tensor = request.inputs.add(name="image", datatype="FP32", shape=PIXELS.shape)
    tensor.contents.fp32_contents.extend(PIXELS.ravel().tolist())
    method = "/inference.GRPCInferenceService/ModelInfer"
    answer = channel.unary_unary(method, bytes, bytes)(request.SerializeToString(), timeout=PATIENCE_S)
    found = oip.ModelInferResponse.FromString(answer).outputs[0].contents.fp32_contents
    np.testing.assert_allclose(np.reshape(found, (3, 4)), expected, atol=1e-6)


def test_metadata_of_another_field_is_refused(channel: grpc.Channel) -> None:
    """Only the signature is told."""
    request = tfs.GetModelMetadataRequest(metadata_field=["weights"])
    request.model_spec.name = "plant"
    method = "/tensorflow.serving.PredictionService/GetModelMetadata"
    assert code_of(channel, method, request.SerializeToString()) is grpc.StatusCode.INVALID_ARGUMENT

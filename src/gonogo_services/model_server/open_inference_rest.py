"""The Open Inference Protocol's REST calls, with binary tensors in requests (the extension ``binary_tensor_data``)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from numpy.typing import NDArray

from gonogo_services.model_server.answers import (
    Inferred,
    InferRequest,
    Live,
    ModelMetadata,
    Ready,
    ServerMetadata,
    Which,
)
from gonogo_services.model_server.batcher import Batcher
from gonogo_services.model_server.fault import Fault, FaultKind
from gonogo_services.model_server.json_tensors import answered, parse_object, to_array
from gonogo_services.model_server.model import Port, ServedModel
from gonogo_services.model_server.open_inference_rpc import PLATFORM, SERVER_NAME, from_raw, server_version, type_of
from gonogo_services.model_server.tensorflow_rest import LONGEST_BODY, REFUSALS
from gonogo_services.serving.exchange import Exchange, Question

__all__ = ["OpenInferenceRest"]

_HEADER_LENGTH: Final = b"inference-header-content-length"


class OpenInferenceRest:
    """Answers the calls for one model.

    Args:
        model: whose name and tensors they have.
        batcher: runs it.
    """

    def __init__(self, model: ServedModel, batcher: Batcher) -> None:
        self._model = model
        self._batcher = batcher

    def exchanges(self) -> list[Exchange]:
        """Return the calls, with the model's version in the path and without."""
        found = [
            Exchange("GET", "/metadata", "Tell which model is served.", answered(self.which), Which),
            Exchange("GET", "/v2", "Tell which server this is.", answered(self.server), ServerMetadata),
            Exchange("GET", "/v2/health/live", "Tell that the server is up.", answered(self.live), Live),
            Exchange("GET", "/v2/health/ready", "Tell that the model can answer.", answered(self.ready), Ready),
        ]
        for path in (f"/v2/models/{self._model.name}", f"/v2/models/{self._model.name}/versions/1"):
            found += [
                Exchange("GET", path, "Tell the model's tensors.", answered(self.metadata), ModelMetadata),
                Exchange("GET", f"{path}/ready", "Tell that the model can answer.", answered(self.ready), Ready),
                Exchange(
                    "POST",
                    f"{path}/infer",
                    "Run the model.",
                    answered(self.infer),
                    Inferred,
                    InferRequest,
                    REFUSALS,
                    LONGEST_BODY,
                ),
            ]
        return found

    async def which(self, _question: Question) -> dict[str, Any]:
        """Answer ``GET /metadata``, which is no part of the protocol: every service here tells its model there."""
        return {"model": self._model.name, "model_sha256": self._model.sha256}

    async def server(self, _question: Question) -> dict[str, Any]:
        """Answer ``GET /v2``."""
        return {"name": SERVER_NAME, "version": server_version(), "extensions": ["binary_tensor_data"]}

    async def live(self, _question: Question) -> dict[str, Any]:
        """Answer ``GET /v2/health/live``."""
        return {"live": True}

    async def ready(self, _question: Question) -> dict[str, Any]:
        """Answer ``GET /v2/health/ready`` and that of the model."""
        return {"ready": True}

    async def metadata(self, _question: Question) -> dict[str, Any]:
        """Answer ``GET /v2/models/<name>``."""
        return {
            "name": self._model.name,
            "versions": [str(self._model.version)],
            "platform": PLATFORM,
            "inputs": [_described(port) for port in self._model.inputs],
            "outputs": [_described(port) for port in self._model.outputs],
        }

    async def infer(self, question: Question) -> dict[str, Any]:
        """Answer ``POST /v2/models/<name>/infer``."""
        head, binary = _split(question)
        content = parse_object(head)
        inputs = _inputs(content, binary)
        wanted = content.get("outputs", [])
        try:
            chosen = self._model.chosen([output["name"] for output in wanted])
        except (TypeError, KeyError):
            raise Fault(FaultKind.INVALID_ARGUMENT, "outputs is no list of objects with a name") from None
        outputs = await asyncio.wrap_future(self._batcher.submit(inputs))
        answer = {
            "model_name": self._model.name,
            "model_version": str(self._model.version),
            "outputs": [
                {
                    "name": port.name,
                    "datatype": port.type.datatype,
                    "shape": outputs[port.name].shape,
                    "data": outputs[port.name].ravel().tolist(),
                }
                for port in chosen
            ],
        }
        return answer | ({"id": content["id"]} if isinstance(content.get("id"), str) else {})


def _split(question: Question) -> tuple[bytes, memoryview]:
    text = question.header(_HEADER_LENGTH)
    if not text:
        return question.body, memoryview(b"")
    if not text.isdigit() or int(text[:12]) > len(question.body):
        raise Fault(FaultKind.INVALID_ARGUMENT, "Inference-Header-Content-Length is no length within the body")
    length = int(text)
    return question.body[:length], memoryview(question.body)[length:]


def _inputs(content: dict[str, Any], binary: memoryview) -> dict[str, NDArray[Any]]:
    found = {}
    begin = 0
    try:
        for described in content["inputs"]:
            name, kind, shape = str(described["name"]), type_of(described["datatype"]), described["shape"]
            if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
                raise Fault(FaultKind.INVALID_ARGUMENT, f"the shape of {name!r} is no list of sizes")
            size = described.get("parameters", {}).get("binary_data_size")
            if size is None:
                values = to_array(described["data"], kind, name)
                try:
                    found[name] = values.reshape(shape)
                except ValueError:
                    raise Fault(FaultKind.INVALID_ARGUMENT, f"{name!r} of {shape} has {values.size} values") from None
            elif type(size) is not int or not 0 <= size <= len(binary) - begin:
                raise Fault(FaultKind.INVALID_ARGUMENT, f"binary_data_size of {name!r} is no length within the body")
            else:
                found[name] = from_raw(bytes(binary[begin : begin + size]), kind, shape)
                begin += size
    except (TypeError, KeyError, AttributeError):
        raise Fault(FaultKind.INVALID_ARGUMENT, "inputs is no list of objects with name, datatype and shape") from None
    return found


def _described(port: Port) -> dict[str, Any]:
    return {"name": port.name, "datatype": port.type.datatype, "shape": port.shape}

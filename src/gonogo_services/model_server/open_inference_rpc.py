"""The Open Inference Protocol's gRPC calls."""

from __future__ import annotations

import asyncio
import math
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gonogo_services.model_server.batcher import Batcher
from gonogo_services.model_server.fault import Fault, FaultKind
from gonogo_services.model_server.model import Port, ServedModel
from gonogo_services.model_server.protocol import open_inference as oip
from gonogo_services.model_server.tensor_types import TensorType, by_datatype

__all__ = ["PLATFORM", "SERVER_NAME", "OpenInferenceCalls", "check_model", "from_raw", "server_version", "type_of"]

SERVER_NAME: Final = "gonogo-model-server"
PLATFORM: Final = "onnxruntime_onnx"


def server_version() -> str:
    """Return the version of this server."""
    return version("gonogo")


def check_model(model: ServedModel, name: str, wanted_version: str) -> None:
    """Refuse another model, or another version of it.

    Raises:
        Fault: NOT_FOUND.
    """
    if name != model.name:
        raise Fault(FaultKind.NOT_FOUND, f"there is no model {name!r}; there is {model.name!r}")
    if wanted_version not in ("", str(model.version)):
        raise Fault(FaultKind.NOT_FOUND, f"{name} has no version {wanted_version!r}; it has {model.version}")


def type_of(datatype: str) -> TensorType:
    """Return the type that is called ``datatype``.

    Raises:
        Fault: INVALID_ARGUMENT; it is not served.
    """
    kind = by_datatype(datatype)
    if kind is None:
        raise Fault(FaultKind.INVALID_ARGUMENT, f"tensors of the datatype {datatype!r} are not served")
    return kind


def from_raw(content: bytes, kind: TensorType, shape: list[int]) -> NDArray[Any]:
    """Return little-endian bytes as an array.

    Raises:
        Fault: INVALID_ARGUMENT; they do not fill the shape.
    """
    if any(size < 0 for size in shape) or len(content) != math.prod(shape) * kind.dtype.itemsize:
        raise Fault(FaultKind.INVALID_ARGUMENT, f"a tensor of {kind.datatype}{shape} has {len(content)} bytes")
    return np.frombuffer(content, kind.dtype.newbyteorder("<")).reshape(shape)


class OpenInferenceCalls:
    """Answers the calls for one model.

    Args:
        model: whose name and tensors they have.
        batcher: runs it.
    """

    def __init__(self, model: ServedModel, batcher: Batcher) -> None:
        self._model = model
        self._batcher = batcher

    async def server_live(self, _request: Any) -> Any:  # noqa: ANN401 - messages made at run time
        """Answer ServerLive."""
        return oip.ServerLiveResponse(live=True)

    async def server_ready(self, _request: Any) -> Any:  # noqa: ANN401 - messages made at run time
        """Answer ServerReady."""
        return oip.ServerReadyResponse(ready=True)

    async def model_ready(self, request: Any) -> Any:  # noqa: ANN401 - messages made at run time
        """Answer ModelReady."""
        check_model(self._model, request.name, request.version)
        return oip.ModelReadyResponse(ready=True)

    async def server_metadata(self, _request: Any) -> Any:  # noqa: ANN401 - messages made at run time
        """Answer ServerMetadata."""
        return oip.ServerMetadataResponse(name=SERVER_NAME, version=server_version(), extensions=[])

    async def model_metadata(self, request: Any) -> Any:  # noqa: ANN401 - messages made at run time
        """Answer ModelMetadata."""
        check_model(self._model, request.name, request.version)
        response = oip.ModelMetadataResponse(
            name=self._model.name, versions=[str(self._model.version)], platform=PLATFORM
        )
        for ports, described in ((self._model.inputs, response.inputs), (self._model.outputs, response.outputs)):
            for port in ports:
                described.add(name=port.name, datatype=port.type.datatype, shape=port.shape)
        return response

    async def model_infer(self, request: Any) -> Any:  # noqa: ANN401 - messages made at run time
        """Answer ModelInfer; answers are raw when the request is, as clients expect."""
        check_model(self._model, request.model_name, request.model_version)
        chosen = self._model.chosen([output.name for output in request.outputs])
        outputs = await asyncio.wrap_future(self._batcher.submit(_inputs(request)))
        response = oip.ModelInferResponse(
            model_name=self._model.name, model_version=str(self._model.version), id=request.id
        )
        raw = bool(request.raw_input_contents)
        for port in chosen:
            _add_output(response, port, outputs[port.name], raw=raw)
        return response


def _inputs(request: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - a message made at run time
    raw = request.raw_input_contents
    if raw and len(raw) != len(request.inputs):
        raise Fault(FaultKind.INVALID_ARGUMENT, f"{len(request.inputs)} inputs have {len(raw)} raw contents")
    inputs = {}
    for position, described in enumerate(request.inputs):
        kind, shape = type_of(described.datatype), list(described.shape)
        if raw:
            inputs[described.name] = from_raw(raw[position], kind, shape)
            continue
        values = getattr(described.contents, kind.contents)
        if any(size < 0 for size in shape) or len(values) != math.prod(shape):
            raise Fault(FaultKind.INVALID_ARGUMENT, f"input {described.name!r} of {shape} has {len(values)} values")
        try:
            inputs[described.name] = np.array(values, kind.dtype).reshape(shape)
        except OverflowError as error:
            raise Fault(FaultKind.INVALID_ARGUMENT, f"input {described.name!r}: {error}") from error
    return inputs


def _add_output(response: Any, port: Port, array: NDArray[Any], *, raw: bool) -> None:  # noqa: ANN401 - a message
    described = response.outputs.add(name=port.name, datatype=port.type.datatype, shape=array.shape)
    if raw:
        response.raw_output_contents.append(array.astype(port.type.dtype.newbyteorder("<")).tobytes())
    else:
        getattr(described.contents, port.type.contents).extend(array.ravel().tolist())

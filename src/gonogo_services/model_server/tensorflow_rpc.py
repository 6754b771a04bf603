"""TensorFlow Serving's gRPC calls: Predict, GetModelMetadata, GetModelStatus."""

from __future__ import annotations

import asyncio
import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gonogo_services.model_server.batcher import Batcher
from gonogo_services.model_server.fault import Fault, FaultKind
from gonogo_services.model_server.model import Port, ServedModel
from gonogo_services.model_server.protocol import tensorflow_serving as tfs
from gonogo_services.model_server.tensor_types import TensorType, by_number

__all__ = ["TensorflowCalls", "read_tensor", "signatures", "write_tensor"]

_PREDICT: Final = "tensorflow/serving/predict"
_AVAILABLE: Final = 30
_METADATA_FIELD: Final = "signature_def"


def read_tensor(proto: Any) -> NDArray[Any]:  # noqa: ANN401 - a message made at run time
    """Return a TensorProto as an array.

    Raises:
        Fault: INVALID_ARGUMENT; its type is not served, or its content does not fill its shape.
    """
    kind = by_number(proto.dtype)
    if kind is None:
        raise Fault(FaultKind.INVALID_ARGUMENT, f"tensors of TensorFlow's type number {proto.dtype} are not served")
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in shape):
        raise Fault(FaultKind.INVALID_ARGUMENT, "a tensor's shape is not known")
    count = math.prod(shape)
    if proto.tensor_content:
        if len(proto.tensor_content) != count * kind.dtype.itemsize:
            raise Fault(FaultKind.INVALID_ARGUMENT, f"a tensor of {shape} has {len(proto.tensor_content)} bytes")
        return np.frombuffer(proto.tensor_content, kind.dtype.newbyteorder("<")).reshape(shape)
    return _from_values(getattr(proto, kind.values), kind, shape, count)


def write_tensor(array: NDArray[Any], kind: TensorType) -> Any:  # noqa: ANN401 - a message made at run time
    """Return an array as a TensorProto."""
    proto = tfs.TensorProto(dtype=kind.tensorflow)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    # Single values, as TensorFlow Serving sends them; clients without TensorFlow read nothing else.
    getattr(proto, kind.values).extend(array.ravel().tolist())
    return proto


def signatures(model: ServedModel, signature: str) -> Any:  # noqa: ANN401 - a message made at run time
    """Return the SignatureDefMap of a model."""
    described = tfs.SignatureDefMap()
    definition = described.signature_def[signature]
    definition.method_name = _PREDICT
    for ports, table in ((model.inputs, definition.inputs), (model.outputs, definition.outputs)):
        for port in ports:
            _describe(port, table[port.name])
    return described


class TensorflowCalls:
    """Answers the calls for one model.

    Args:
        model: whose name and tensors they have.
        batcher: runs it.
        signature: the only signature's name.
    """

    def __init__(self, model: ServedModel, batcher: Batcher, signature: str) -> None:
        self._model = model
        self._batcher = batcher
        self._signature = signature

    async def predict(self, request: Any) -> Any:  # noqa: ANN401 - messages made at run time
        """Answer PredictionService.Predict."""
        self._check(request.model_spec)
        named = request.model_spec.signature_name
        if named and named != self._signature:
            raise Fault(FaultKind.INVALID_ARGUMENT, f"there is no signature {named!r}; there is {self._signature!r}")
        chosen = self._model.chosen(request.output_filter)
        inputs = {name: read_tensor(proto) for name, proto in request.inputs.items()}
        outputs = await asyncio.wrap_future(self._batcher.submit(inputs))
        response = tfs.PredictResponse()
        self._specify(response.model_spec)
        response.model_spec.signature_name = self._signature
        for port in chosen:
            response.outputs[port.name].CopyFrom(write_tensor(outputs[port.name], port.type))
        return response

    async def get_model_metadata(self, request: Any) -> Any:  # noqa: ANN401 - messages made at run time
        """Answer PredictionService.GetModelMetadata."""
        self._check(request.model_spec)
        if list(request.metadata_field) != [_METADATA_FIELD]:
            raise Fault(
                FaultKind.INVALID_ARGUMENT,
                f"metadata_field is {list(request.metadata_field)}; {_METADATA_FIELD} is served",
            )
        response = tfs.GetModelMetadataResponse()
        self._specify(response.model_spec)
        content = signatures(self._model, self._signature)
        packed = response.metadata[_METADATA_FIELD]
        packed.type_url = f"type.googleapis.com/{content.DESCRIPTOR.full_name}"
        packed.value = content.SerializeToString()
        return response

    async def get_model_status(self, request: Any) -> Any:  # noqa: ANN401 - messages made at run time
        """Answer ModelService.GetModelStatus."""
        self._check(request.model_spec)
        response = tfs.GetModelStatusResponse()
        status = response.model_version_status.add(version=self._model.version, state=_AVAILABLE)
        status.status.error_code = 0
        return response

    def _check(self, spec: Any) -> None:  # noqa: ANN401 - a message made at run time
        if spec.name != self._model.name:
            raise Fault(FaultKind.NOT_FOUND, f"there is no model {spec.name!r}; there is {self._model.name!r}")
        # Clients made for OpenVINO's server say 0 for the newest version.
        if spec.HasField("version") and spec.version.value not in (0, self._model.version):
            raise Fault(FaultKind.NOT_FOUND, f"{spec.name} has no version {spec.version.value}; it has 1")
        if spec.version_label:
            raise Fault(FaultKind.NOT_FOUND, f"{spec.name} has no version labelled {spec.version_label!r}")

    def _specify(self, spec: Any) -> None:  # noqa: ANN401 - a message made at run time
        spec.name = self._model.name
        spec.version.value = self._model.version


def _from_values(values: Any, kind: TensorType, shape: list[int], count: int) -> NDArray[Any]:  # noqa: ANN401 - a repeated field
    # One value stands for a tensor full of it, as in TensorFlow; but not for one that would not fit in a message.
    if len(values) != count:
        raise Fault(FaultKind.INVALID_ARGUMENT, f"a tensor of {shape} has {len(values)} values in {kind.values}")
    try:
        return np.array(values, kind.dtype).reshape(shape)
    except OverflowError as error:
        raise Fault(FaultKind.INVALID_ARGUMENT, f"a value does not fit into {kind.dtype}: {error}") from error


def _describe(port: Port, info: Any) -> None:  # noqa: ANN401 - a message made at run time
    info.name = f"{port.name}:0"
    info.dtype = port.type.tensorflow
    for size in port.shape:
        info.tensor_shape.dim.add(size=size)

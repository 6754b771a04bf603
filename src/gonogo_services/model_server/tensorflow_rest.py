"""TensorFlow Serving's REST calls (tensorflow.org/tfx/serving/api_rest): predict, metadata, status."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gonogo_services.model_server.answers import Metadata, Predicted, PredictRequest, Status
from gonogo_services.model_server.batcher import Batcher
from gonogo_services.model_server.fault import Fault, FaultKind
from gonogo_services.model_server.json_tensors import answered, parse_object, to_array
from gonogo_services.model_server.model import Port, ServedModel, Tensors
from gonogo_services.model_server.protocol.tensorflow_serving import DATA_TYPES
from gonogo_services.serving.exchange import Exchange, Question

__all__ = ["LONGEST_BODY", "REFUSALS", "TensorflowRest"]

LONGEST_BODY: Final = 64 << 20
REFUSALS: Final = {
    400: "The body is not JSON, or its tensors do not fit.",
    429: "Too many requests are waiting.",
    500: "The model failed.",
}

_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "signature_name": {"type": "string"},
        "instances": {"type": "array", "minItems": 1, "description": "Rows: values, or objects with one by input."},
        "inputs": {"description": "Columns: an object with one by input, or the only one without its name."},
    },
}
_NAMES: Final = {number: name for name, number in DATA_TYPES.items()}


class TensorflowRest:
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

    def exchanges(self) -> list[Exchange]:
        """Return the calls, with the model's version in the path and without."""
        found = []
        whole = f"/v1/models/{self._model.name}"
        # Clients made for OpenVINO's server say 0 for the newest version.
        for path in (whole, f"{whole}/versions/1", f"{whole}/versions/0"):
            found += [
                Exchange("GET", path, "Tell the state of the model.", answered(self.status), Status),
                Exchange("GET", f"{path}/metadata", "Tell the model's signature.", answered(self.metadata), Metadata),
                Exchange(
                    "POST",
                    f"{path}:predict",
                    "Run the model.",
                    answered(self.predict),
                    Predicted,
                    PredictRequest,
                    REFUSALS,
                    LONGEST_BODY,
                    schema=_SCHEMA,
                ),
            ]
        return found

    async def status(self, _question: Question) -> dict[str, Any]:
        """Answer ``GET /v1/models/<name>``."""
        status = {"error_code": "OK", "error_message": ""}
        version = str(self._model.version)
        return {"model_version_status": [{"version": version, "state": "AVAILABLE", "status": status}]}

    async def metadata(self, _question: Question) -> dict[str, Any]:
        """Answer ``GET /v1/models/<name>/metadata``."""
        signature = {
            "inputs": {port.name: _described(port) for port in self._model.inputs},
            "outputs": {port.name: _described(port) for port in self._model.outputs},
            "method_name": "tensorflow/serving/predict",
        }
        return {
            "model_spec": {"name": self._model.name, "signature_name": "", "version": str(self._model.version)},
            "metadata": {"signature_def": {"signature_def": {self._signature: signature}}},
        }

    async def predict(self, question: Question) -> dict[str, Any]:
        """Answer ``POST /v1/models/<name>:predict``."""
        content = parse_object(question.body)
        if content.get("signature_name", "") not in ("", self._signature):
            raise Fault(FaultKind.INVALID_ARGUMENT, f"the only signature is {self._signature!r}")
        if ("instances" in content) == ("inputs" in content):
            raise Fault(FaultKind.INVALID_ARGUMENT, "give either instances or inputs")
        by_row = "instances" in content
        inputs = self._rows(content["instances"]) if by_row else self._columns(content["inputs"])
        outputs = await asyncio.wrap_future(self._batcher.submit(inputs))
        return {"predictions": _by_row(outputs)} if by_row else {"outputs": _by_column(outputs)}

    def _rows(self, instances: Any) -> Tensors:  # noqa: ANN401 - whatever JSON can say
        if not isinstance(instances, list) or not instances:
            raise Fault(FaultKind.INVALID_ARGUMENT, "instances is no list of at least one")
        if not isinstance(instances[0], dict):
            return self._columns(instances)
        found = {}
        for port in self._model.inputs:
            try:
                column = [row[port.name] for row in instances]
            except (TypeError, KeyError):
                raise Fault(FaultKind.INVALID_ARGUMENT, f"an instance has no {port.name!r}") from None
            found[port.name] = to_array(column, port.type, port.name)
        return found

    def _columns(self, inputs: Any) -> Tensors:  # noqa: ANN401 - whatever JSON can say
        ports = self._model.inputs
        if not isinstance(inputs, dict):
            if len(ports) != 1:
                raise Fault(FaultKind.INVALID_ARGUMENT, f"name the inputs: {[port.name for port in ports]}")
            return {ports[0].name: to_array(inputs, ports[0].type, ports[0].name)}
        known = {port.name: port for port in ports}
        for name in inputs:
            if name not in known:
                raise Fault(FaultKind.INVALID_ARGUMENT, f"there is no input {name!r}; there are {sorted(known)}")
        return {name: to_array(value, known[name].type, name) for name, value in inputs.items()}


def _by_row(outputs: Tensors) -> list[Any]:
    if len(outputs) == 1:
        rows: list[Any] = next(iter(outputs.values())).tolist()
        return rows
    columns: list[NDArray[Any]] = list(outputs.values())
    return [dict(zip(outputs, (part.tolist() for part in row), strict=True)) for row in zip(*columns, strict=True)]


def _by_column(outputs: Tensors) -> Any:  # noqa: ANN401 - one output stands without its name
    lists = {name: np.asarray(tensor).tolist() for name, tensor in outputs.items()}
    return next(iter(lists.values())) if len(lists) == 1 else lists


def _described(port: Port) -> dict[str, Any]:
    shape = {"dim": [{"size": str(size), "name": ""} for size in port.shape], "unknown_rank": False}
    return {"dtype": _NAMES[port.type.tensorflow], "tensor_shape": shape, "name": f"{port.name}:0"}

"""A served model: named tensors in, named tensors out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from gonogo_services.errors import ModelError
from gonogo_services.model_file import ModelFile
from gonogo_services.model_server.fault import Fault, FaultKind
from gonogo_services.model_server.tensor_types import TensorType, by_onnx

__all__ = ["Port", "ServedModel", "Tensors", "joined", "rows_of"]

Tensors = Mapping[str, NDArray[Any]]

_FATAL_ONLY: Final = 4  # ORT_LOGGING_LEVEL_FATAL: what onnxruntime has to say is in its exceptions too


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output.

    Attributes:
        shape: -1 where any size will do.
    """

    name: str
    type: TensorType
    shape: tuple[int, ...]

    def check(self, tensor: NDArray[Any]) -> None:
        """Refuse a tensor that does not fit.

        Raises:
            Fault: INVALID_ARGUMENT; the type or the shape is another one.
        """
        fits = len(tensor.shape) == len(self.shape) and all(
            wanted in (-1, given) for wanted, given in zip(self.shape, tensor.shape, strict=False)
        )
        if tensor.dtype != self.type.dtype or not fits:
            raise Fault(
                FaultKind.INVALID_ARGUMENT,
                f"input {self.name!r} is {tensor.dtype}{list(tensor.shape)}; "
                f"{self.type.dtype}{list(self.shape)} is needed (-1: any size)",
            )


class ServedModel:
    """A model in memory, whose onnxruntime session belongs to the process that opens it.

    Args:
        file: the ONNX model.
        name: what clients call it.
        threads: threads within one run.
    """

    version: Final = 1

    def __init__(self, file: ModelFile, name: str, *, threads: int = 1) -> None:
        self.file = file
        self.name = name
        self.sha256 = file.sha256
        self.inputs: tuple[Port, ...] = ()
        self.outputs: tuple[Port, ...] = ()
        self._threads = threads
        self._session: Any = None

    def open(self) -> None:
        """Open the session in this process.

        Raises:
            ModelError: the model cannot be opened, or has tensors of types that are not served.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = _FATAL_ONLY
        try:
            session = onnxruntime.InferenceSession(self.file.content, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            # onnxruntime's exceptions have no class in common; whatever it says, the file is not usable.
            raise ModelError(f"the model file {self.file.path} cannot be opened: {error}") from error
        self.inputs = tuple(self._port(part) for part in session.get_inputs())
        self.outputs = tuple(self._port(part) for part in session.get_outputs())
        self._session = session

    @property
    def takes_batches(self) -> bool:
        """Whether rows of several requests can go through in one run: any size fits in front, everywhere."""
        return all(port.shape and port.shape[0] == -1 for port in (*self.inputs, *self.outputs))

    def check(self, inputs: Tensors) -> None:
        """Refuse inputs that do not fit.

        Raises:
            Fault: INVALID_ARGUMENT; one is missing, unknown, or of another type or shape, or their rows differ.
        """
        wanted = {port.name for port in self.inputs}
        if set(inputs) != wanted:
            raise Fault(FaultKind.INVALID_ARGUMENT, f"the inputs are {sorted(inputs)}; {sorted(wanted)} are needed")
        for port in self.inputs:
            port.check(inputs[port.name])
        if self.takes_batches and len({len(tensor) for tensor in inputs.values()}) > 1:
            raise Fault(FaultKind.INVALID_ARGUMENT, "the inputs have different numbers of rows")

    def chosen(self, names: Sequence[str]) -> tuple[Port, ...]:
        """Return the outputs called ``names``, or all when there are none.

        Raises:
            Fault: INVALID_ARGUMENT; there is no such output.
        """
        known = {port.name: port for port in self.outputs}
        for name in names:
            if name not in known:
                raise Fault(FaultKind.INVALID_ARGUMENT, f"there is no output {name!r}; there are {sorted(known)}")
        return tuple(known[name] for name in names) or self.outputs

    def run(self, inputs: Tensors) -> Tensors:
        """Return all outputs for ``inputs``, which have been checked.

        Raises:
            Fault: INTERNAL; the model fails.
        """
        try:
            answers = self._session.run(None, dict(inputs))
        except Exception as error:
            raise Fault(FaultKind.INTERNAL, f"the model {self.name} failed: {error}") from error
        return {port.name: answer for port, answer in zip(self.outputs, answers, strict=True)}

    def _port(self, part: Any) -> Port:  # noqa: ANN401 - onnxruntime's NodeArg has no types
        kind = by_onnx(part.type)
        if kind is None:
            raise ModelError(f"the model file {self.file.path} has {part.name} of {part.type}, which is not served")
        return Port(part.name, kind, tuple(size if isinstance(size, int) else -1 for size in part.shape))


def rows_of(inputs: Tensors) -> int:
    """Return the number of rows of a model's inputs."""
    return len(next(iter(inputs.values()))) if inputs else 0


def joined(several: Sequence[Tensors]) -> Tensors:
    """Return the rows of several inputs as one."""
    return {name: np.concatenate([one[name] for one in several]) for name in several[0]}

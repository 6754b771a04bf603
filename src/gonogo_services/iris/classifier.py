"""An iris model in memory: rows in, probabilities and names out."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from gonogo_services.errors import ModelError
from gonogo_services.iris.flower import FEATURES, LABELS, SAMPLE
from gonogo_services.model_file import ModelFile

__all__ = ["Classifier"]

_FLOATS = "tensor(float)"
_SUM_TOLERANCE = 1e-3
_FATAL_ONLY = 4  # ORT_LOGGING_LEVEL_FATAL: what onnxruntime has to say is in its exceptions too


class Classifier:
    """A model that answers three probabilities for four numbers.

    Its onnxruntime session has threads and belongs to the process that opens it, so that the constructor opens none.

    Args:
        model: the ONNX model.
        threads: threads within one prediction.
    """

    def __init__(self, model: ModelFile, *, threads: int = 1) -> None:
        self.model = model
        self._threads = threads
        self._session: Any = None
        self._input = ""
        self._outputs: list[str] = []

    def open(self) -> None:
        """Open the session in this process and try it out; predictions need it.

        Raises:
            ModelError: the model cannot be opened, or answers something else than three probabilities.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = _FATAL_ONLY
        try:
            session = onnxruntime.InferenceSession(self.model.content, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            # onnxruntime's exceptions have no class in common; whatever it says, the file is not usable.
            raise ModelError(f"the model file {self.model.path} cannot be opened: {error}") from error
        inputs, outputs = session.get_inputs(), session.get_outputs()
        answers = [output.name for output in outputs if _is_floats(output, len(LABELS))]
        if len(inputs) != 1 or not _is_floats(inputs[0], len(FEATURES)) or not answers:
            found = ", ".join(f"{part.name} {part.type}{part.shape}" for part in (*inputs, *outputs))
            raise ModelError(
                f"the model file {self.model.path} is no iris model: it has {found}; "
                f"a float tensor of (N, {len(FEATURES)}) in and one of (N, {len(LABELS)}) out are needed"
            )
        self._session, self._input, self._outputs = session, inputs[0].name, answers[:1]
        self._try_out()

    def probabilities(self, rows: NDArray[np.float32]) -> list[list[float]]:
        """Return one list of three probabilities, in the order of ``LABELS``, for each row of an (N, 4) array."""
        answer: list[list[float]] = self._session.run(self._outputs, {self._input: rows})[0].tolist()
        return answer

    def labels(self, rows: NDArray[np.float32]) -> list[str]:
        """Return the name of the most probable class for each row of an (N, 4) array."""
        return [LABELS[row.index(max(row))] for row in self.probabilities(rows)]

    def _try_out(self) -> None:
        rows = np.array([SAMPLE, SAMPLE], np.float32)
        try:
            answer = self.probabilities(rows)
        except Exception as error:
            raise ModelError(f"the model file {self.model.path} fails on a sample: {error}") from error
        if len(answer) != len(rows) or not all(_are_probabilities(row) for row in answer):
            raise ModelError(f"the model file {self.model.path} answers {answer} for two samples: no probabilities")


def _is_floats(part: Any, width: int) -> bool:  # noqa: ANN401 - onnxruntime's NodeArg has no types
    return bool(part.type == _FLOATS and list(part.shape[1:]) == [width])


def _are_probabilities(row: list[float]) -> bool:
    return min(row) >= 0 and abs(sum(row) - 1) <= _SUM_TOLERANCE

"""A one-vs-rest model in memory: a flower in, the probabilities of its class and of the rest out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from gonogo_services.errors import ModelError
from gonogo_services.iris.flower import FEATURES, SAMPLE
from gonogo_services.iris.one_vs_rest.names import CLASS_PROPERTY
from gonogo_services.model_file import ModelFile

__all__ = ["OneVsRest"]

_WIDTH: Final = 2
_SUM_TOLERANCE: Final = 1e-3
_FATAL_ONLY: Final = 4  # ORT_LOGGING_LEVEL_FATAL: what onnxruntime has to say is in its exceptions too


class OneVsRest:
    """A model that answers two probabilities for four numbers.

    Its onnxruntime session has threads and belongs to the process that opens it, so that the constructor opens none.

    Args:
        model: the ONNX model.
        mode: the class that it has to tell from the rest.
    """

    def __init__(self, model: ModelFile, mode: str) -> None:
        self.model = model
        self.mode = mode
        self._session: Any = None

    def open(self) -> None:
        """Open the session in this process and try it out; predictions need it.

        Raises:
            ModelError: the model cannot be opened, was trained for another class, or answers no two probabilities.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = _FATAL_ONLY
        try:
            self._session = onnxruntime.InferenceSession(
                self.model.content, options, providers=["CPUExecutionProvider"]
            )
            trained_for = self._session.get_modelmeta().custom_metadata_map.get(CLASS_PROPERTY, self.mode)
            answer = self._run(np.array([SAMPLE], np.float32))
        except Exception as error:
            # onnxruntime's exceptions have no class in common; whatever it says, the file is not usable.
            raise ModelError(f"the model file {self.model.path} is no one-vs-rest iris model: {error}") from error
        if trained_for != self.mode:
            raise ModelError(f"the model file {self.model.path} tells {trained_for}, but MODE is {self.mode}")
        if answer.shape != (1, _WIDTH) or answer.min() < 0 or abs(answer.sum() - 1) > _SUM_TOLERANCE:
            raise ModelError(f"the model file {self.model.path} answers {answer.tolist()}: not two probabilities")

    def probabilities(self, flower: NDArray[np.float32]) -> list[float]:
        """Return the probability of the class and that of the rest for a flower, an array of (1, 4)."""
        answer: list[float] = self._run(flower)[0].tolist()
        return answer

    def _run(self, flower: NDArray[np.float32]) -> NDArray[np.float32]:
        if flower.shape != (1, len(FEATURES)):
            raise ValueError(f"one flower is an array of (1, {len(FEATURES)}), not of {flower.shape}")
        answer: NDArray[np.float32] = self._session.run(["probabilities"], {"data": flower})[0]
        return answer

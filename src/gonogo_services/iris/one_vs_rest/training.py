"""The one-vs-rest models: for each iris class the probability that a flower is of it, and that it is not.

Each is a support vector machine on one class against the two others, with Platt's sigmoid on decision values of folds
that the machine was not trained on ("Probabilistic outputs for support vector machines", 1999). Far from every flower
that it has seen, the machine falls back to a constant, so that nonsense gets no confident answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import onnx
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from gonogo_services.errors import ModelError
from gonogo_services.iris.flower import LABELS
from gonogo_services.iris.one_vs_rest.names import CLASS_PROPERTY, MODELS
from gonogo_services.iris.training import check_parity, export, iris_data
from gonogo_services.whole_file import written_whole

__all__ = ["train"]

_SEED: Final = 20
_FOLDS: Final = 5


def train(name: str, path: Path) -> None:
    """Train the one-vs-rest model called ``name`` and write it to ``path``, whole or not at all; always the same bytes.

    The model takes a float tensor ``data`` of (N, 4) and gives ``probabilities`` of (N, 2): of the class, of the rest.

    Raises:
        ModelError: there is no such model, the exported model answers differently, or ``path`` cannot be written.
    """
    if name not in MODELS:
        raise ModelError(f"no one-vs-rest model is called {name!r}; there are: {', '.join(sorted(MODELS))}")
    lengths, classes = iris_data()
    rest = (classes != LABELS.index(MODELS[name])).astype(np.int64)  # 0 is the class: its column comes first
    pipeline = _one_vs_rest().fit(lengths, rest)
    content = export(pipeline)
    check_parity(pipeline, content, lengths)
    try:
        with written_whole(path) as file:
            file.write(_labelled(content, MODELS[name]))
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}") from error


def _one_vs_rest() -> Pipeline:
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    calibrated = CalibratedClassifierCV(SVC(random_state=_SEED), cv=folds, ensemble=False)
    return Pipeline([("scale", StandardScaler()), ("classify", calibrated)])


def _labelled(content: bytes, label: str) -> bytes:
    model = onnx.load_from_string(content)
    onnx.helper.set_model_props(model, {CLASS_PROPERTY: label})
    labelled: bytes = model.SerializeToString(deterministic=True)
    return labelled

"""The recipes of the iris models: trained with scikit-learn, exported with skl2onnx, compared before they are kept.

The support vector machine's probabilities are a multinomial logistic regression on its one-vs-one decision values,
fitted on values of folds that the machine was not trained on (the generalisation of Platt's sigmoid to more than two
classes; Platt, "Probabilistic outputs for support vector machines", 1999).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from gonogo_services.errors import ModelError
from gonogo_services.iris.flower import FEATURES
from gonogo_services.whole_file import written_whole

__all__ = [
    "RECIPES",
    "TOLERANCE",
    "check_parity",
    "export",
    "iris_data",
    "random_forest",
    "support_vector_machine",
    "train",
]

TOLERANCE: Final = 1e-5

_SEED = 20
_FOLDS = 5
_TREES = 16  # a power of two, so that the shares of the trees add up to 1 without rounding
_OPSETS = {"": 18, "ai.onnx.ml": 3}  # understood by every onnxruntime that the package allows


def support_vector_machine() -> Pipeline:
    """Return the untrained current model: a support vector machine with calibrated probabilities."""
    machine = SVC(decision_function_shape="ovo", random_state=_SEED)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    calibrated = StackingClassifier(
        [("svc", machine)], LogisticRegression(random_state=_SEED), cv=folds, stack_method="decision_function"
    )
    return Pipeline([("scale", StandardScaler()), ("classify", calibrated)])


def random_forest() -> Pipeline:
    """Return the untrained candidate: a random forest of small trees."""
    forest = RandomForestClassifier(_TREES, max_depth=4, min_samples_leaf=2, random_state=_SEED)
    return Pipeline([("classify", forest)])


RECIPES: Final[Mapping[str, Callable[[], Pipeline]]] = {
    "iris_svc.onnx": support_vector_machine,
    "iris_rf.onnx": random_forest,
}


def iris_data() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the 150 flowers: lengths in centimetres (150, 4) as the service gets them, and classes (150,)."""
    lengths, classes = load_iris(return_X_y=True)
    return lengths.astype(np.float32), classes.astype(np.int64)


def train(name: str, path: Path) -> None:
    """Train the model called ``name`` and write it to ``path``, whole or not at all; the same bytes every time.

    Raises:
        ModelError: there is no such recipe, the exported model answers differently, or ``path`` cannot be written.
    """
    if name not in RECIPES:
        raise ModelError(f"no recipe trains {name!r}; there are: {', '.join(sorted(RECIPES))}")
    lengths, classes = iris_data()
    pipeline = RECIPES[name]().fit(lengths, classes)
    content = export(pipeline)
    check_parity(pipeline, content, lengths)
    try:
        with written_whole(path) as file:
            file.write(content)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}") from error


def export(pipeline: Pipeline) -> bytes:
    """Return ``pipeline`` as ONNX: a float tensor ``data`` in, ``label`` and a float tensor ``probabilities`` out."""
    with warnings.catch_warnings():
        # skl2onnx looks at attributes of SVC that scikit-learn 1.9 has begun to retire; they are empty here.
        warnings.filterwarnings("ignore", re.escape("Attribute `prob") + "[AB]_`", FutureWarning)
        model: Any = to_onnx(
            pipeline,
            initial_types=[("data", FloatTensorType([None, len(FEATURES)]))],
            options={id(pipeline): {"zipmap": False}},
            target_opset=_OPSETS,
        )
    # skl2onnx collects them in a set, whose order changes with every process's hash seed.
    opsets = sorted(model.opset_import, key=lambda opset: str(opset.domain))
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def check_parity(pipeline: Pipeline, content: bytes, lengths: NDArray[np.float32]) -> None:
    """Compare what the exported model and the pipeline answer for every row of ``lengths``.

    Raises:
        ModelError: a probability differs by more than ``TOLERANCE``.
    """
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    exported = session.run(["probabilities"], {"data": lengths})[0]
    difference = float(np.abs(exported - pipeline.predict_proba(lengths)).max())
    if not difference <= TOLERANCE:
        raise ModelError(f"the exported model answers up to {difference:.2g} off scikit-learn; {TOLERANCE} is allowed")

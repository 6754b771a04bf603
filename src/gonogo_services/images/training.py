"""The image models: one layer of learnt patches, pooled, and a linear classifier on top; trained, checked, exported.

The layer is that of Coates, Lee and Ng, "An analysis of single-layer networks in unsupervised feature learning"
(AISTATS 2011): patches of the training images are whitened and clustered, the clusters' centres are the filters of a
convolution, and its rectified answers are averaged over the fields of a grid.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import LogisticRegression

from gonogo_services.errors import ModelError
from gonogo_services.images.drawing import draw
from gonogo_services.images.recipes import INPUT_SIZE, RECIPES, SAMPLES, Recipe
from gonogo_services.whole_file import written_whole

__all__ = ["LEAST_ACCURACY", "train", "write_samples"]

LEAST_ACCURACY: Final = 0.95  # on images that were not trained on

_SEED: Final = 20
_SAMPLE_SEED: Final = 7
_SAMPLE_SIZE: Final = 224
_TRAINED, _HELD_OUT = 100, 30  # images of each subject
_FILTERS: Final = 48
_PATCH: Final = 6
_PATCHES: Final = 10_000
_WHITENING: Final = 0.01
_OPSET: Final = 18
_IR_VERSION: Final = 9
_TOLERANCE: Final = 1e-4

_Floats = NDArray[np.float32]


def train(name: str, folder: Path) -> float:
    """Train the model called ``name``, write ``<name>.onnx`` and ``<name>.json`` (its labels); always the same bytes.

    The model takes ``image``, floats of (N, 64, 64, 3) from 0 to 1, and gives ``scores`` of (N, labels) that sum to 1.
    Returns the accuracy on images that were not trained on.

    Raises:
        ModelError: there is no such model, it is right too rarely, or ``folder`` cannot be written.
    """
    if name not in RECIPES:
        raise ModelError(f"no image model is called {name!r}; there are: {', '.join(sorted(RECIPES))}")
    recipe = RECIPES[name]
    random = np.random.default_rng(_SEED)
    images, classes = _images(recipe, random, _TRAINED)
    features = _feature_nodes(*_filters(images, random))
    layer = _session(_model(features, "features"))
    seen = _run(layer, images)
    mean, spread = seen.mean(0), seen.std(0) + 1e-6
    classifier = LogisticRegression(C=1.0, max_iter=500).fit((seen - mean) / spread, classes)
    content = _model(features + _classifier_nodes(classifier, mean, spread), "scores")
    unseen, truth = _images(recipe, random, _HELD_OUT)
    scores = _run(_session(content), unseen)
    _check_parity(classifier, (_run(layer, unseen) - mean) / spread, scores)
    accuracy = float((scores.argmax(1) == truth).mean())
    if accuracy < LEAST_ACCURACY:
        raise ModelError(f"the model {name} is right on {accuracy:.1%} of new images; {LEAST_ACCURACY:.0%} are needed")
    _write(folder / f"{name}.onnx", content)
    _write(folder / f"{name}.json", json.dumps(recipe.labels, indent=1).encode() + b"\n")
    return accuracy


def write_samples(folder: Path) -> None:
    """Draw the sample images ``cat.jpg`` and ``iris.jpg``, which no model was trained on.

    Raises:
        ModelError: ``folder`` cannot be written.
    """
    for name, subject in SAMPLES.items():
        image = draw(subject, np.random.default_rng(_SAMPLE_SEED), _SAMPLE_SIZE)
        try:
            with written_whole(folder / name) as file:
                image.save(file, "JPEG", quality=90)
        except OSError as error:
            raise ModelError(f"{folder / name} cannot be written: {error.strerror}") from error


def _images(recipe: Recipe, random: np.random.Generator, each: int) -> tuple[_Floats, NDArray[np.int64]]:
    drawn, classes = [], []
    for position, label in enumerate(recipe.labels):
        for subject in recipe.subjects[label]:
            drawn += [np.asarray(draw(subject, random, INPUT_SIZE)) for _ in range(each)]
            classes += [position] * each
    return np.stack(drawn).astype(np.float32) / np.float32(255), np.array(classes, np.int64)


def _filters(images: _Floats, random: np.random.Generator) -> tuple[_Floats, _Floats]:
    """Return filters of (filters, 3, patch, patch) and what is added to their answers."""
    which = random.integers(0, len(images), _PATCHES)
    tops, lefts = random.integers(0, INPUT_SIZE - _PATCH, (2, _PATCHES))
    corners = zip(which, tops, lefts, strict=True)
    patches = np.stack([images[i, y : y + _PATCH, x : x + _PATCH].transpose(2, 0, 1).ravel() for i, y, x in corners])
    mean = patches.mean(0)
    values, vectors = np.linalg.eigh(np.cov(patches - mean, rowvar=False))
    whitening = vectors @ np.diag(1 / np.sqrt(values + _WHITENING)) @ vectors.T
    clusters = MiniBatchKMeans(_FILTERS, random_state=_SEED, n_init=1, batch_size=2048)
    centres = clusters.fit((patches - mean) @ whitening).cluster_centers_
    centres /= np.linalg.norm(centres, axis=1, keepdims=True) + 1e-9
    filters = (centres @ whitening).astype(np.float32)
    return filters.reshape(_FILTERS, 3, _PATCH, _PATCH), -(filters @ mean).astype(np.float32)


def _feature_nodes(filters: _Floats, offsets: _Floats) -> list[Any]:
    """Return nodes and weights from ``image`` to ``features``: patches, rectified, averaged over a grid of 4 by 4."""
    field = ((INPUT_SIZE - _PATCH) // 2 + 1) // 4
    return [
        numpy_helper.from_array(filters, "filters"),
        numpy_helper.from_array(offsets, "offsets"),
        helper.make_node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "filters", "offsets"], ["answers"], strides=[2, 2]),
        helper.make_node("Relu", ["answers"], ["rectified"]),
        helper.make_node("AveragePool", ["rectified"], ["pooled"], kernel_shape=[field, field], strides=[field, field]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
    ]


def _classifier_nodes(classifier: LogisticRegression, mean: _Floats, spread: _Floats) -> list[Any]:
    """Return nodes and weights from ``features`` to ``scores``, the scaling of the features folded in."""
    weights = (classifier.coef_ / spread).astype(np.float32)
    offsets = (classifier.intercept_ - weights @ mean).astype(np.float32)
    return [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(offsets, "biases"),
        helper.make_node("Gemm", ["features", "weights", "biases"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
    ]


def _model(parts: list[Any], output: str) -> bytes:
    graph = helper.make_graph(
        [part for part in parts if isinstance(part, onnx.NodeProto)],
        "classifier",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", INPUT_SIZE, INPUT_SIZE, 3])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", None])],
        [part for part in parts if isinstance(part, onnx.TensorProto)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _session(content: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def _run(session: onnxruntime.InferenceSession, images: _Floats) -> _Floats:
    answer: _Floats = session.run(None, {"image": images})[0]
    return answer


def _check_parity(classifier: LogisticRegression, features: _Floats, scores: _Floats) -> None:
    difference = float(np.abs(classifier.predict_proba(features) - scores).max())
    if not difference <= _TOLERANCE:
        raise ModelError(f"the exported model answers up to {difference:.2g} off scikit-learn; {_TOLERANCE} is allowed")


def _write(path: Path, content: bytes) -> None:
    try:
        with written_whole(path) as file:
            file.write(content)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}") from error

"""The iris service: what it answers on which path."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gonogo_services.iris.answers import Health, Labels, Metadata, Probabilities
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.flower import FEATURES, LABELS, SAMPLE
from gonogo_services.iris.rows import Rows, parse_rows
from gonogo_services.serving.operation import Operation
from gonogo_services.serving.service import Service

__all__ = ["create_app"]

_REFUSALS: Final = {
    400: "The body is not JSON.",
    422: "The body is JSON, but not rows of four numbers; `field` says where.",
}


def create_app(classifier: Classifier) -> Service:
    """Return the service that answers with ``classifier``."""
    return Service(
        title="iris",
        description=f"Probabilities of {', '.join(LABELS)} from {', '.join(FEATURES)} in centimetres.",
        operations=[*_descriptions(classifier), *_predictions(classifier)],
    )


def _descriptions(classifier: Classifier) -> list[Operation]:
    def metadata(_body: bytes) -> dict[str, Any]:
        return {
            "data_type": "float32",
            "data_structure": f"(N, {len(FEATURES)})",
            "data_sample": [SAMPLE],
            "prediction_type": "float32",
            "prediction_structure": f"(N, {len(LABELS)})",
            "prediction_sample": classifier.probabilities(np.array([SAMPLE], np.float32)),
            "model": classifier.model.path.name,
            "model_sha256": classifier.model.sha256,
        }

    return [
        Operation("GET", "/health", "Tell that the service is up and has its model.", _healthy, Health),
        Operation("GET", "/metadata", "Tell types, shapes and samples, and which model answers.", metadata, Metadata),
        Operation("GET", "/label", "Name the classes, in the order of the probabilities.", _names, list[str]),
    ]


def _predictions(classifier: Classifier) -> list[Operation]:
    sample = np.array([SAMPLE], np.float32)

    def probabilities(body: bytes) -> dict[str, Any]:
        return {"prediction": classifier.probabilities(parse_rows(body))}

    def labels(body: bytes) -> dict[str, Any]:
        return {"prediction": classifier.labels(parse_rows(body))}

    def sample_probabilities(_body: bytes) -> dict[str, Any]:
        return {"prediction": classifier.probabilities(sample)}

    def sample_labels(_body: bytes) -> dict[str, Any]:
        return {"prediction": classifier.labels(sample)}

    return [
        Operation("GET", "/predict/test", "Predict a built-in sample.", sample_probabilities, Probabilities),
        Operation("GET", "/predict/test/label", "Name the class of a built-in sample.", sample_labels, Labels),
        Operation("POST", "/predict", "Predict every row.", probabilities, Probabilities, Rows, _REFUSALS),
        Operation("POST", "/predict/label", "Name the class of every row.", labels, Labels, Rows, _REFUSALS),
    ]


def _healthy(_body: bytes) -> dict[str, str]:
    return {"health": "ok"}


def _names(_body: bytes) -> tuple[str, ...]:
    return LABELS

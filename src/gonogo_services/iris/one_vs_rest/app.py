"""A one-vs-rest service: what it answers on which path."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
from pydantic import BaseModel, Field

from gonogo_services.iris.flower import FEATURES, SAMPLE
from gonogo_services.iris.one_vs_rest.classifier import OneVsRest
from gonogo_services.iris.one_vs_rest.row import Flower, parse_flower
from gonogo_services.serving.operation import Operation
from gonogo_services.serving.service import Service

__all__ = ["create_app"]

_REFUSALS: Final = {
    400: "The body is not JSON.",
    422: "The body is JSON, but not one row of four numbers; `field` says where.",
}


class Health(BaseModel):
    """The service is up and has its model."""

    health: Literal["ok"]


class Probability(BaseModel):
    """How probable the class is, and how probable the rest."""

    prediction: list[float] = Field(min_length=2, max_length=2)


class Metadata(BaseModel):
    """What goes in, what comes out, and which model answers."""

    data_type: str
    data_structure: str
    data_sample: list[list[float]]
    prediction_type: str
    prediction_structure: str
    prediction_sample: list[float]
    mode: str
    model: str
    model_sha256: str


def create_app(classifier: OneVsRest) -> Service:
    """Return the service that answers with ``classifier``."""
    sample = np.array([SAMPLE], np.float32)

    def metadata(_body: bytes) -> dict[str, Any]:
        return {
            "data_type": "float32",
            "data_structure": f"(1, {len(FEATURES)})",
            "data_sample": [SAMPLE],
            "prediction_type": "float32",
            "prediction_structure": "(2,)",
            "prediction_sample": classifier.probabilities(sample),
            "mode": classifier.mode,
            "model": classifier.model.path.name,
            "model_sha256": classifier.model.sha256,
        }

    def predict(body: bytes) -> dict[str, list[float]]:
        return {"prediction": classifier.probabilities(parse_flower(body))}

    def predict_sample(_body: bytes) -> dict[str, list[float]]:
        return {"prediction": classifier.probabilities(sample)}

    def healthy(_body: bytes) -> dict[str, str]:
        return {"health": "ok"}

    def names(_body: bytes) -> list[str]:
        return [classifier.mode, "rest"]

    return Service(
        title=f"iris {classifier.mode}",
        description=f"The probability that a flower ({', '.join(FEATURES)} in centimetres) is of {classifier.mode}.",
        operations=[
            Operation("GET", "/health", "Tell that the service is up and has its model.", healthy, Health),
            Operation(
                "GET", "/metadata", "Tell types, shapes and samples, and which model answers.", metadata, Metadata
            ),
            Operation("GET", "/label", "Name what the two probabilities are of.", names, list[str]),
            Operation("GET", "/predict/test", "Predict a built-in sample.", predict_sample, Probability),
            Operation("POST", "/predict", "Predict one flower.", predict, Probability, Flower, _REFUSALS),
        ],
    )

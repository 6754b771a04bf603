"""The iris service: what it answers on which path."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from fastapi import FastAPI

from gonogo_services.iris.answers import Health, Metadata
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.flavour import Flavour
from gonogo_services.iris.flower import FEATURES, LABELS, SAMPLE
from gonogo_services.iris.predictions import predictions
from gonogo_services.serving.operation import Operation
from gonogo_services.serving.prediction_log import PredictionLog
from gonogo_services.serving.service import Service

__all__ = ["create_app"]


def create_app(classifier: Classifier, flavour: Flavour = Flavour.PLAIN, log: PredictionLog | None = None) -> Service:
    """Return the service that answers with ``classifier`` and offers its predictions to ``log``.

    The log is started and closed with the service.
    """
    watch = None if log is None else log.offer

    @asynccontextmanager
    async def writing(_app: FastAPI) -> AsyncIterator[None]:
        if log is not None:
            log.start()
        yield
        if log is not None:
            log.close()

    return Service(
        title="iris",
        description=f"Probabilities of {', '.join(LABELS)} from {', '.join(FEATURES)} in centimetres.",
        operations=[*_descriptions(classifier), *predictions(classifier, flavour, watch)],
        lifespan=writing,
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


def _healthy(_body: bytes) -> dict[str, str]:
    return {"health": "ok"}


def _names(_body: bytes) -> tuple[str, ...]:
    return LABELS

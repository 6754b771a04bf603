"""The bodies of the iris service's answers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

__all__ = [
    "Health",
    "JobLabels",
    "JobProbabilities",
    "Labels",
    "Metadata",
    "ModeLabels",
    "ModeProbabilities",
    "Probabilities",
]


class Health(BaseModel):
    """The service is up and has its model."""

    health: Literal["ok"]


class Probabilities(BaseModel):
    """One list of three probabilities for each row, in the order of ``GET /label``."""

    prediction: list[list[float]]


class Labels(BaseModel):
    """One name for each row."""

    prediction: list[str]


class JobProbabilities(Probabilities):
    """In the shadow flavour: the request's job id beside the probabilities."""

    job_id: str


class JobLabels(Labels):
    """In the shadow flavour: the request's job id beside the names."""

    job_id: str


class ModeProbabilities(Probabilities):
    """In the online-A/B flavour: the file name of the model that answered, beside the probabilities."""

    mode: str


class ModeLabels(Labels):
    """In the online-A/B flavour: the file name of the model that answered, beside the names."""

    mode: str


class Metadata(BaseModel):
    """What goes in, what comes out, and which model answers."""

    data_type: str
    data_structure: str
    data_sample: list[list[float]]
    prediction_type: str
    prediction_structure: str
    prediction_sample: list[list[float]]
    model: str
    model_sha256: str

"""The bodies of the iris service's answers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

__all__ = ["Health", "Labels", "Metadata", "Probabilities"]


class Health(BaseModel):
    """The service is up and has its model."""

    health: Literal["ok"]


class Probabilities(BaseModel):
    """One list of three probabilities for each row, in the order of ``GET /label``."""

    prediction: list[list[float]]


class Labels(BaseModel):
    """One name for each row."""

    prediction: list[str]


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

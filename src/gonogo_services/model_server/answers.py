"""The bodies of the model server's REST answers, for its documentation; both protocols' own words."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

__all__ = [
    "InferRequest",
    "Inferred",
    "Live",
    "Metadata",
    "ModelMetadata",
    "PredictRequest",
    "Predicted",
    "Ready",
    "ServerMetadata",
    "Status",
    "Which",
]


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class PredictRequest(_Open):
    """``instances`` (row format) or ``inputs`` (columnar format)."""

    signature_name: str = ""


class Predicted(_Open):
    """``predictions`` for ``instances``, ``outputs`` for ``inputs``."""


class Status(BaseModel):
    """The state of each version of the model."""

    model_version_status: list[dict[str, Any]]


class Metadata(BaseModel):
    """The model's signatures."""

    model_spec: dict[str, str]
    metadata: dict[str, Any]


class Live(BaseModel):
    """The server is up."""

    live: bool


class Ready(BaseModel):
    """The server, or the model, can answer."""

    ready: bool


class Which(BaseModel):
    """The model that is served, by name and SHA-256 of its file."""

    model: str
    model_sha256: str


class ServerMetadata(BaseModel):
    """Which server this is."""

    name: str
    version: str
    extensions: list[str]


class ModelMetadata(BaseModel):
    """The model's tensors."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]


class InferRequest(_Open):
    """Tensors in."""

    inputs: list[dict[str, Any]]


class Inferred(BaseModel):
    """Tensors out."""

    model_name: str
    model_version: str
    id: str = ""
    outputs: list[dict[str, Any]]

"""The bodies of the composition proxy's answers and requests."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, RootModel, StrictFloat, StrictInt, StrictStr

__all__ = ["Change", "CollectedPage", "Composition", "Current", "Health", "HealthOfAll", "Metadata"]


class Health(BaseModel):
    """The proxy is up."""

    health: Literal["ok"]


class HealthOfAll(RootModel[dict[str, Literal["ok", "ng"]]]):
    """Whether each service answers its health check."""


class Composition(RootModel[dict[str, Literal[0, 1] | list[str]]]):
    """1 or 0 for each active service; ``omitted`` lists those that failed and are left out by policy."""


class Current(BaseModel):
    """The parameters that hold now, named as in the environment."""

    version: int
    changed_by: str
    changed_at_s: float
    parameters: dict[str, float]


class Change(RootModel[Annotated[dict[str, StrictInt | StrictFloat | StrictStr], Field(min_length=1)]]):
    """New values of parameters, named as in the environment."""


class Prediction(BaseModel):
    """A prediction of a service that was not active."""

    at_s: float
    service: str
    flower: tuple[float, float, float, float]
    outcome: str
    probability: float
    rest: float
    took_s: float
    parameters_version: int


class CollectedPage(BaseModel):
    """The newest predictions of services that are not active, and how many there ever were."""

    total: int
    dropped: int
    predictions: list[Prediction]


class Service(BaseModel):
    """One service behind the proxy."""

    url: str
    timeout_s: float
    policy: str


class Metadata(BaseModel):
    """What goes in, what comes out, and how the proxy is set."""

    data_type: str
    data_structure: str
    data_sample: list[list[float]]
    prediction_type: str
    prediction_structure: str
    prediction_sample: dict[str, int]
    services: dict[str, Service]
    rules: dict[str, str]
    deadline_s: float
    retries: int
    retry_budget: float
    connections: int
    collected_rows: int
    current: Current

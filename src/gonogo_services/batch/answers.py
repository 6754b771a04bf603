"""The bodies of the batch service's answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel

__all__ = ["Added", "Counts", "Health", "Item", "Page"]


def _in_utc(moment: datetime) -> datetime:
    """Return ``moment`` with its zone: databases keep UTC without it, and RFC 3339 wants it."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_Moment = Annotated[datetime, AfterValidator(_in_utc)]


class Health(BaseModel):
    """The service is up."""

    health: Literal["ok"]


class Counts(BaseModel):
    """How many rows there are, at one moment."""

    all: int
    predicted: int
    unpredicted: int
    parked: int


class Item(BaseModel):
    """A row. ``reason`` says, in the list of parked rows, why it has no prediction; times are UTC."""

    id: int
    values: Any
    prediction: list[float] | None
    created_datetime: _Moment
    updated_datetime: _Moment
    reason: str | None = None


class Page(BaseModel):
    """Part of a list.

    Attributes:
        count: rows of the whole list; null when it was not asked for.
        next: what to give as ``after`` for the next part; null at the end.
    """

    count: int | None
    items: list[Item]
    next: int | None


class Added(BaseModel):
    """How many rows were added."""

    count: int

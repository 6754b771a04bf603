"""Shapes: what Kubernetes expects of a field, as values. The tables made of them are in :mod:`gonogo.manifests.schema`.

A field that Kubernetes has is one of three kinds here: read; harmless, and so passed over; or not acted upon, which
is a finding that says what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gonogo.manifests.names import Complaint
from gonogo.manifests.rule import Rule

__all__ = [
    "Amount",
    "Anything",
    "Entries",
    "Field",
    "Fields",
    "Flag",
    "Listing",
    "Note",
    "Number",
    "PortRef",
    "Shape",
    "Struct",
    "Text",
    "harmless",
    "need",
    "noted",
    "read",
]

Fields = Mapping[str, Any]
"""A mapping of an object after the fit: known fields only, every value of the declared type."""


@dataclass(frozen=True, slots=True)
class Text:
    """Text; ``choices`` limit it, ``complaint`` judges it."""

    choices: tuple[str, ...] = ()
    complaint: Complaint | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number between ``low`` and ``high``, both allowed."""

    low: int = 0
    high: int = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean."""


@dataclass(frozen=True, slots=True)
class PortRef:
    """A port by number (1 to 65535) or by name."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity; ``parse`` raises GrammarError for text that is none."""

    parse: Callable[[str | float], object]


@dataclass(frozen=True, slots=True)
class Anything:
    """A field whose content nobody here looks at."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping whose keys the user chooses; ``named`` keys have a shape of their own."""

    value: Shape
    key: Complaint | None = None
    named: Mapping[str, Shape] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Note:
    """What follows from a field that is not acted upon, unless its value is empty or one of ``silent``."""

    rule: Rule
    consequence: str
    mend: str
    silent: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a Struct."""

    shape: Shape
    required: bool = False
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Struct:
    """A mapping whose fields Kubernetes names."""

    fields: Mapping[str, Field] = field(repr=False)


Shape = Text | Number | Flag | PortRef | Amount | Anything | Listing | Entries | Struct


def read(shape: Shape) -> Field:
    """Return a field that may be missing."""
    return Field(shape)


def need(shape: Shape) -> Field:
    """Return a field that must be there."""
    return Field(shape, required=True)


def harmless(*names: str) -> dict[str, Field]:
    """Return fields that change nothing that gonogo runs or judges."""
    return {name: Field(Anything()) for name in names}


def noted(note: Note, *names: str) -> dict[str, Field]:
    """Return fields that are not acted upon, each with the same note."""
    return {name: Field(Anything(), note=note) for name in names}

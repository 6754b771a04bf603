"""Where a part of the policy is declared, for what a renderer finds about it."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.manifests.document import render
from gonogo.manifests.findings import Source
from gonogo.manifests.rule import Place

__all__ = ["Origin", "origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """A field of an object in a manifest.

    Attributes:
        object: ``Kind namespace/name``.
        field: the field's path.
    """

    source: Source
    object: str
    field: str


def origin(place: Place) -> Origin:
    """Return ``place`` as a value that holds no document."""
    return Origin(place.document.at(place.path), str(place.document), render(place.path))

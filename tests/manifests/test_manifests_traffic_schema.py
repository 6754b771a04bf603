"""The tables of traffic rules against the resource definitions of Istio and of the Gateway API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo.manifests.schema_route import HTTP_ROUTE
from gonogo.manifests.schema_traffic import DESTINATION_RULE, VIRTUAL_SERVICE
from gonogo.manifests.shape import Entries, Listing, Shape, Struct

DATA = Path(__file__).parent / "data" / "traffic_fields.json"
DEFINED: dict[str, list[str]] = json.loads(DATA.read_text())["fields"]


def tables(shape: Shape, path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield every table below ``shape`` with its path and the names of its fields."""
    if isinstance(shape, Listing):
        yield from tables(shape.item, path)
    elif isinstance(shape, Entries):
        yield from tables(shape.value, path)
    elif isinstance(shape, Struct):
        yield path, sorted(shape.fields)
        for name, field in shape.fields.items():
            yield from tables(field.shape, f"{path}.{name}")


KINDS = {"DestinationRule": DESTINATION_RULE, "VirtualService": VIRTUAL_SERVICE, "HTTPRoute": HTTP_ROUTE}
TABLES = [entry for kind, struct in KINDS.items() for entry in tables(struct.fields["spec"].shape, kind)]


@pytest.mark.parametrize(("path", "fields"), TABLES, ids=[path for path, _ in TABLES])
def test_the_table_has_exactly_the_fields_of_the_definition(path: str, fields: list[str]) -> None:
    """No field that the mesh has is called unknown, and none that it lacks is let through."""
    assert fields == DEFINED[path]

"""Traffic rules as checks and readers need them: the rules of each kind, and everything that they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gonogo.manifests.build import Assembly, ordered
from gonogo.manifests.document import Document
from gonogo.manifests.findings import Finding
from gonogo.manifests.host import Host, resolve
from gonogo.manifests.kinds import routed, unread
from gonogo.manifests.objects import Object
from gonogo.manifests.rule import Place
from gonogo.manifests.service import PlacedService
from gonogo.manifests.shape import Fields

__all__ = [
    "MESH",
    "PlacedDestination",
    "destination_rules",
    "destinations",
    "http_routes",
    "known_services",
    "not_acting",
    "parents",
    "routes",
    "virtual_services",
]

MESH: Final = "mesh"
"""What VirtualServices call the sidecars, beside the names of gateways."""


@dataclass(frozen=True, slots=True)
class PlacedDestination:
    """Where a route or a mirror leads.

    Attributes:
        written: the host as it stands there.
        host: the Service that it names; None when it can name none.
        port: None when the rule is silent.
        mirror: it gets copies, whose answers no client sees.
    """

    written: str
    host: Host | None
    subset: str
    port: int | None
    place: Place = field(repr=False)
    mirror: bool = False


def destination_rules(objects: Iterable[Object]) -> tuple[Object, ...]:
    """Return the DestinationRules."""
    return tuple(entry for entry in objects if entry.kind == "DestinationRule")


def virtual_services(objects: Iterable[Object]) -> tuple[Object, ...]:
    """Return the VirtualServices that act in sidecars; one for gateways alone does not."""
    return tuple(
        entry
        for entry in objects
        if entry.kind == "VirtualService" and MESH in entry.fields.get("spec", {}).get("gateways", (MESH,))
    )


def http_routes(objects: Iterable[Object]) -> tuple[Object, ...]:
    """Return the HTTPRoutes."""
    return tuple(entry for entry in objects if entry.kind == "HTTPRoute")


def routes(entry: Object) -> Iterator[tuple[Mapping[str, Any], Place]]:
    """Yield the routes of a VirtualService or the rules of an HTTPRoute, each with its place."""
    name = "http" if entry.kind == "VirtualService" else "rules"
    for i, route in enumerate(entry.fields.get("spec", {}).get(name, ())):
        if isinstance(route, Mapping):
            yield route, entry.place / "spec" / name / i


def parents(entry: Object) -> Iterator[tuple[Host | None, int | None, Place]]:
    """Yield the Services that an HTTPRoute routes for, each with its port; None stands for a Gateway or the like."""
    for i, parent in enumerate(entry.fields.get("spec", {}).get("parentRefs", ())):
        service = parent.get("kind", "Gateway") == "Service" and parent.get("group", "gateway") in ("", "core")
        host = Host(parent.get("namespace") or entry.namespace, parent.get("name", "")) if service else None
        yield host, parent.get("port"), entry.place / "spec" / "parentRefs" / i


def destinations(entry: Object) -> Iterator[PlacedDestination]:
    """Yield everything that a VirtualService or an HTTPRoute leads to."""
    for route, place in routes(entry):
        if entry.kind == "VirtualService":
            yield from _of_route(route, entry.namespace, place)
        else:
            yield from _of_rule(route, entry.namespace, place)


def known_services(assembly: Assembly) -> Mapping[Host, PlacedService]:
    """Return the Services of the stack by host."""
    return {Host(entry.service.namespace, entry.service.name): entry for entry in assembly.services}


def not_acting(documents: Sequence[Document], acting: str) -> tuple[Finding, ...]:
    """Return a notice for every traffic rule that gonogo reads, for a stack in which none of them acts.

    Args:
        documents: the manifests.
        acting: what does not carry them out, such as ``the process platform``.
    """
    remark = unread(acting)
    found = [
        Place(document, [], (remark.field,)).finding(remark.rule, remark.consequence, remark.mend)
        for document in documents
        if routed(document.api_version, document.kind)
    ]
    return ordered(found)


def _of_route(route: Fields, namespace: str, place: Place) -> Iterator[PlacedDestination]:
    for i, weighted in enumerate(route.get("route", ())):
        yield _named(weighted.get("destination", {}), namespace, place / "route" / i / "destination", mirror=False)
    if "mirror" in route:
        yield _named(route["mirror"], namespace, place / "mirror", mirror=True)
    for i, mirror in enumerate(route.get("mirrors", ())):
        yield _named(mirror.get("destination", {}), namespace, place / "mirrors" / i / "destination", mirror=True)


def _named(fields: Fields, namespace: str, place: Place, *, mirror: bool) -> PlacedDestination:
    written = fields.get("host", "")
    port = fields.get("port", {}).get("number")
    return PlacedDestination(written, resolve(written, namespace), fields.get("subset", ""), port, place, mirror)


def _of_rule(rule: Fields, namespace: str, place: Place) -> Iterator[PlacedDestination]:
    for i, backend in enumerate(rule.get("backendRefs", ())):
        yield _referenced(backend, namespace, place / "backendRefs" / i, mirror=False)
    for i, entry in enumerate(rule.get("filters", ())):
        mirror = entry.get("requestMirror", {})
        if "backendRef" in mirror:
            inside = place / "filters" / i / "requestMirror" / "backendRef"
            yield _referenced(mirror["backendRef"], namespace, inside, mirror=True)


def _referenced(fields: Fields, namespace: str, place: Place, *, mirror: bool) -> PlacedDestination:
    name = fields.get("name", "")
    service = fields.get("kind", "Service") == "Service" and fields.get("group", "") in ("", "core")
    host = Host(fields.get("namespace") or namespace, name) if service and name else None
    return PlacedDestination(name, host, "", fields.get("port"), place, mirror)

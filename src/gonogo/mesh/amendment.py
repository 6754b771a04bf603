"""Changes of a policy written back into the objects that declare it, field by field, for a mesh that reads those.

What is written is read again: a change that does not come out as it was meant is refused, not half made.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from gonogo.errors import UsageError
from gonogo.manifests.document import Document
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.destination import Destination, Mirror
from gonogo.mesh.policy.origin import Origin
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.pool import Pool
from gonogo.mesh.policy.route import Route
from gonogo.mesh.policy.ruling import PortTraffic, Ruling
from gonogo.mesh.policy.traffic import UNRULED, Traffic
from gonogo.mesh.reading import read

__all__ = ["amended"]

_PERCENT: Final = 100
_DIGITS: Final = 6
_POSITION: Final = re.compile(r"\[([0-9]+)\]$")
_MIRRORING: Final = ("mirror", "mirrors", "mirrorPercentage", "mirrorPercent", "mirror_percent")
_LIMITS: Final[Mapping[str, tuple[str, str]]] = {
    "max_connections": ("tcp", "maxConnections"),
    "max_pending": ("http", "http1MaxPendingRequests"),
    "max_requests": ("http", "http2MaxRequests"),
    "max_retries": ("http", "maxRetries"),
    "max_requests_per_connection": ("http", "maxRequestsPerConnection"),
}
_MEND: Final = "change weights, mirrors or limits that the manifests declare; declare the rest in them"

_Fields = dict[str, Any]


def amended(documents: Sequence[Document], policy: Policy, *, namespace: str = "") -> tuple[Document, ...]:
    """Return ``documents`` such that they declare ``policy``; those that need no change are the same.

    Weights, mirrors and limits of connection pools can change. Everything else stays as it is written.

    Args:
        documents: the manifests, as they are now.
        policy: what they shall say.
        namespace: the client's, as in :func:`gonogo.mesh.reading.read`.

    Raises:
        UsageError: an object has no field for it, or no object speaks for the Service.
    """
    present = read(documents, namespace=namespace)
    wanted = tuple(map(_without_idle_mirrors, policy.rulings))
    if present.rulings == wanted:
        return tuple(documents)
    desk = _Desk(documents)
    for ruling in wanted:
        _amend(desk, present.of(ruling.host), ruling)
    result = desk.documents()
    said = read(result, namespace=namespace)
    for ruling in wanted:
        if said.of(ruling.host) != ruling:
            raise UsageError(
                "the change of the traffic rules cannot be written into the objects that declare them",
                where=f"Service {ruling.host}",
                mend=_MEND,
            )
    return result


class _Desk:
    """Documents, and copies of those that are written to."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = tuple(documents)
        self._bodies: dict[int, _Fields] = {}

    def open(self, origin: Origin) -> _Fields:
        """Return the body of the object of ``origin``, to be written to."""
        for number, document in enumerate(self._documents):
            if str(document) == origin.object and document.source.file == origin.source.file:
                if number not in self._bodies:
                    self._bodies[number] = copy.deepcopy(dict(document.body))
                return self._bodies[number]
        raise UsageError(f"{origin.object} is not among the manifests", where=str(origin.source), mend=_MEND)

    def documents(self) -> tuple[Document, ...]:
        """Return all documents as they are now."""
        return tuple(
            replace(document, body=self._bodies[number]) if number in self._bodies else document
            for number, document in enumerate(self._documents)
        )


@dataclass(frozen=True, slots=True)
class _Side:
    """What holds for a destination or a subset: before, or after."""

    traffic: Traffic
    ports: PortTraffic


def _without_idle_mirrors(ruling: Ruling) -> Ruling:
    """Return ``ruling`` without mirrors that get nothing, which manifests do not tell from none."""

    def busy(route: Route) -> Route:
        if not isinstance(route.action, Forward):
            return route
        return replace(
            route, action=replace(route.action, mirrors=tuple(one for one in route.action.mirrors if one.share > 0))
        )

    return ruling if ruling.routes is None else replace(ruling, routes=tuple(map(busy, ruling.routes)))


def _amend(desk: _Desk, had: Ruling, wanted: Ruling) -> None:
    if had.routes != wanted.routes:
        if had.routes is None or wanted.routes is None or len(had.routes) != len(wanted.routes):
            raise UsageError(
                "no VirtualService routes its requests, so there is no field to write the change into",
                where=f"Service {wanted.host}",
                mend="declare a VirtualService for it",
            )
        for before, after in zip(had.routes, wanted.routes, strict=True):
            if before != after:
                _amend_route(desk, before, after)
    sides = [(_Side(had.traffic, had.ports), _Side(wanted.traffic, wanted.ports), "")]
    known = {subset.name: subset for subset in had.subsets}
    for subset in wanted.subsets:
        before_it = known.get(subset.name, subset)
        sides.append((_Side(before_it.traffic, before_it.ports), _Side(subset.traffic, subset.ports), subset.name))
    for old, new, name in sides:
        if old != new:
            _amend_connections(desk, had, old, new, name)


def _amend_route(desk: _Desk, before: Route, after: Route) -> None:
    old, new, origin = before.action, after.action, before.origin
    place = _POSITION.search(origin.field) if origin else None
    if origin is None or place is None or not (isinstance(old, Forward) and isinstance(new, Forward)):
        return  # reading it again tells
    if not origin.object.startswith("VirtualService "):
        raise UsageError(
            f"changes are not written into {origin.object}",
            where=f"{origin.source} {origin.field}",
            mend="declare the route as a VirtualService",
        )
    fields = desk.open(origin)["spec"]["http"][int(place[1])]
    if old.to != new.to:
        fields["route"] = _split(fields["route"], old, new)
    if old.mirrors != new.mirrors:
        _mirror(fields, new.mirrors)


def _split(written: Sequence[_Fields], old: Forward, new: Forward) -> list[_Fields]:
    """Return the destinations of a route with their weights; those that were there keep their other fields."""
    known = {entry.destination: number for number, entry in enumerate(old.to)}
    made = []
    for entry in new.to:
        number = known.get(entry.destination)
        fields: _Fields = {"destination": _destination(entry.destination)} if number is None else dict(written[number])
        if number is None or entry.weight != old.to[number].weight:
            fields["weight"] = entry.weight
        made.append(fields)
    return made


def _mirror(fields: _Fields, mirrors: Sequence[Mirror]) -> None:
    for name in _MIRRORING:
        fields.pop(name, None)
    shares = [{"value": round(mirror.share * _PERCENT, _DIGITS)} for mirror in mirrors]
    if len(mirrors) == 1:
        fields["mirror"] = _destination(mirrors[0].destination)
        fields["mirrorPercentage"] = shares[0]
    elif mirrors:
        fields["mirrors"] = [
            {"destination": _destination(mirror.destination), "percentage": share}
            for mirror, share in zip(mirrors, shares, strict=True)
        ]


def _destination(destination: Destination) -> _Fields:
    return {
        "host": destination.host.full,
        **({"subset": destination.subset} if destination.subset else {}),
        **({"port": {"number": destination.port}} if destination.port else {}),
    }


def _amend_connections(desk: _Desk, had: Ruling, old: _Side, new: _Side, subset: str) -> None:
    if had.origin is None:
        raise UsageError(
            "no DestinationRule speaks for it, so there is no field to write the limits into",
            where=f"Service {had.host}",
            mend="declare a DestinationRule for it",
        )
    spec = desk.open(had.origin)["spec"]
    owner = next(one for one in spec["subsets"] if one.get("name") == subset) if subset else spec
    policy = owner.setdefault("trafficPolicy", {})
    _limit(policy, old.traffic.pool, new.traffic.pool)
    for entry in policy.get("portLevelSettings", ()):
        number = entry.get("port", {}).get("number")
        _limit(entry, old.ports.get(number, UNRULED).pool, new.ports.get(number, UNRULED).pool)


def _limit(policy: _Fields, old: Pool | None, new: Pool | None) -> None:
    """Write the limits that differ. No limit is 0, as Istio reads it: a part that loses its last field is refused."""
    if old == new:
        return
    if new is None:
        policy.pop("connectionPool", None)
        return
    pool = policy.setdefault("connectionPool", {})
    for name, (part, field) in _LIMITS.items():
        limit = getattr(new, name)
        if limit != getattr(old or Pool(), name):
            pool.setdefault(part, {})[field] = limit or 0
    if not pool:
        pool["tcp"] = {"maxConnections": 0}

"""Sticky splits under Istio: the client's Envoy chooses the destination by hash.

A VirtualService has no field for it. An EnvoyFilter merges into the route that istiod makes: a hash policy, and its
use for the choice among the weighted clusters (Envoy 1.36 and later, which is Istio 1.28 and later).
"""

from __future__ import annotations

from gonogo.errors import UsageError
from gonogo.mesh.envoy.form import Config
from gonogo.mesh.envoy.route import sticky_policy
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.match import Match
from gonogo.mesh.policy.route import Route
from gonogo.mesh.policy.ruling import Ruling

__all__ = ["sticky_patches"]


def sticky_patches(ruling: Ruling, port: int) -> list[Config]:
    """Return the patches that make the sticky splits of ``ruling`` at ``port`` sticky under Istio; none without one.

    Raises:
        UsageError: a sticky route among several has no name by which the filter could find it.
    """
    routes = ruling.routes_at(port)
    several = sum(len(route.matches) or 1 for route in routes) > 1
    return [patch for route in routes for patch in _patches(ruling, route, port, several=several)]


def _patches(ruling: Ruling, route: Route, port: int, *, several: bool) -> list[Config]:
    forward = route.action
    if not isinstance(forward, Forward) or forward.sticky is None:
        return []
    host: Config = {"name": f"{ruling.host.full}:{port}"}
    found = []
    for match in route.matches or (Match(),):
        name = ".".join(part for part in (route.name, match.name) if part)
        if several and not name:
            raise UsageError(
                "a sticky route among several has no name",
                where=f"{route.origin.object} {route.origin.field}" if route.origin else str(ruling.host),
                mend="give each of spec.http[] a name: the EnvoyFilter finds its route by it",
            )
        where = {**host, "route": {"name": name}} if name else {**host, "route": {"action": "ROUTE"}}
        context = {"context": "SIDECAR_OUTBOUND", "routeConfiguration": {"vhost": where}}
        merged = {"hash_policy": [sticky_policy(forward.sticky)], "weighted_clusters": {"use_hash_policy": True}}
        found.append(
            {"applyTo": "HTTP_ROUTE", "match": context, "patch": {"operation": "MERGE", "value": {"route": merged}}}
        )
    return found

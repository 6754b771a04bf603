"""Sticky splits for Istio: an EnvoyFilter that has the client's Envoy choose the destination by hash.

A VirtualService has no field for it. The filter merges into the route that istiod makes: a hash policy, and its use for
the choice among the weighted clusters (Envoy 1.36 and later, which is Istio 1.28 and later).
https://istio.io/latest/docs/reference/config/networking/envoy-filter/
"""

from __future__ import annotations

from typing import Final

from gonogo.errors import UsageError
from gonogo.mesh.envoy.form import Config, text
from gonogo.mesh.envoy.route import sticky_policy
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.match import Match
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.route import Route
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.sidecar import Sidecar

__all__ = ["envoy_filters"]

_API: Final = "networking.istio.io/v1alpha3"


def envoy_filters(policy: Policy, sidecar: Sidecar) -> str:
    """Return the EnvoyFilters, as YAML, that make the sticky splits of ``policy`` sticky under Istio; empty for none.

    They act for the clients in the Service's own namespace; put a copy into the namespace of every other client, or
    one into Istio's root namespace.

    Raises:
        UsageError: a sticky route among several has no name by which the filter could find it.
    """
    made = []
    for ruling in policy.rulings:
        ports = [outlet.port for outlet in sidecar.outlets if outlet.host == ruling.host]
        patches = [patch for port in ports for patch in _at(ruling, port)]
        if patches:
            metadata = {"name": f"{ruling.host.name}-sticky", "namespace": ruling.host.namespace}
            made.append(
                {"apiVersion": _API, "kind": "EnvoyFilter", "metadata": metadata, "spec": {"configPatches": patches}}
            )
    return "---\n".join(text(one) for one in made)


def _at(ruling: Ruling, port: int) -> list[Config]:
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

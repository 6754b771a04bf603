"""Manifests to traffic policy: all rules of all kinds, Service by Service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gonogo.manifests.build import Assembly, assemble
from gonogo.manifests.document import Document
from gonogo.manifests.host import Host
from gonogo.manifests.objects import Object
from gonogo.manifests.traffic import destination_rules, http_routes, virtual_services
from gonogo.mesh.gateway.http_route import http_route, parent_ports
from gonogo.mesh.istio.destination_rule import destination_rule, ruled_host
from gonogo.mesh.istio.virtual_service import routed_hosts, virtual_service
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.ruling import Ruling

__all__ = ["read"]


def read(documents: Sequence[Document] | Assembly, *, namespace: str = "") -> Policy:
    """Return the traffic policy that manifests declare, as a client's sidecar carries it out.

    What cannot be carried out is left out here and is a finding of :func:`gonogo.manifests.check.check`: check first.
    Where several rules of a kind speak for the same Service, which is a finding, too, the first one stands.

    Args:
        documents: the manifests, or their assembly when there is one.
        namespace: the client's. A DestinationRule of its namespace comes before one of the Service's; any other acts
            for other clients. Empty for a client in the namespace of each Service.
    """
    assembly = documents if isinstance(documents, Assembly) else assemble(documents)
    rulings: dict[Host, Ruling] = {}
    rules = [
        *_connections(destination_rules(assembly.objects), namespace, rulings),
        *_virtual_routes(virtual_services(assembly.objects), rulings),
        *_gateway_routes(http_routes(assembly.objects), rulings),
    ]
    ordered = tuple(rulings[host] for host in sorted(rulings))
    return Policy(ordered, tuple(dict.fromkeys(map(str, rules))))


def _connections(entries: Sequence[Object], namespace: str, rulings: dict[Host, Ruling]) -> list[Object]:
    acting = []
    for wanted in dict.fromkeys((namespace, "")):
        for entry in entries:
            host = ruled_host(entry)
            if host and host not in rulings and entry.namespace == (wanted or host.namespace):
                rulings[host] = destination_rule(entry, host)
                acting.append(entry)
    return acting


def _virtual_routes(entries: Sequence[Object], rulings: dict[Host, Ruling]) -> list[Object]:
    acting = []
    for entry in entries:
        routes = virtual_service(entry)
        for host in routed_hosts(entry):
            ruling = rulings.get(host, Ruling(host))
            if routes is not None and ruling.routes is None:
                rulings[host] = replace(ruling, routes=routes)
                acting.append(entry)
    return acting


def _gateway_routes(entries: Sequence[Object], rulings: dict[Host, Ruling]) -> list[Object]:
    acting = []
    for entry in entries:
        routes = http_route(entry)
        for host, ports in parent_ports(entry).items():
            ruling = rulings.get(host, Ruling(host))
            if ruling.routes is None:
                rulings[host] = replace(ruling, routes=routes, route_ports=ports)
                acting.append(entry)
    return acting

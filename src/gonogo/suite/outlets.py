"""What the client's sidecar reaches: every port of every Service, with its ready replicas and their labels."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import replace

from gonogo.errors import StackError
from gonogo.manifests.host import Host
from gonogo.manifests.topology import Service, ServicePort, Workload
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Address, Endpoint, Outlet
from gonogo.platforms.interface import Endpoint as PlatformEndpoint
from gonogo.platforms.interface import RunningStack

__all__ = ["outlets_of", "unclear_subsets"]


def unclear_subsets(policy: Policy, stack: RunningStack) -> tuple[str, ...]:
    """Return the subsets of which it cannot be told which of the running replicas they select.

    That is so where nothing is known of single replicas, or one address leads to several of them, and Pods with
    different labels stand behind a Service.
    """
    known = bool(stack.replicas())
    unclear = []
    for service in stack.topology.services:
        ruling = policy.of(_host(service))
        behind = stack.topology.behind(service)
        if known and not any(_shared(stack, service, port) for port in service.ports):
            continue
        common = _common(behind) if behind else {}
        unclear += [
            f"{ruling.host} ({subset.name})" for subset in ruling.subsets if not subset.labels.items() <= common.items()
        ]
    return tuple(unclear)


def outlets_of(stack: RunningStack) -> tuple[Outlet, ...]:
    """Return an outlet for every TCP port of every Service; it listens nowhere yet.

    A Service without a ready replica has an outlet without endpoints: the sidecar answers for it.
    """
    return tuple(
        Outlet(_host(service), port.port, None, _endpoints(stack, service, port))
        for service in stack.topology.services
        for port in service.ports
        if port.protocol == "TCP"
    )


def _endpoints(stack: RunningStack, service: Service, port: ServicePort) -> tuple[Endpoint, ...]:
    found = _ready(stack, service, port)
    behind = stack.topology.behind(service)
    named = {f"{workload.namespace}/{workload.name}": workload.labels for workload in behind}
    if len(behind) <= 1:
        labels = behind[0].labels if behind else {}
        return tuple(Endpoint(_address(entry), labels, entry.replica) for entry in found)
    if all(_owner(entry) in named for entry in found):
        return tuple(Endpoint(_address(entry), named[_owner(entry)], entry.replica) for entry in found)
    replicas = stack.replicas(f"{service.namespace}/{service.name}")
    if not replicas:  # a stack that is attached to: nothing is known of single replicas
        return tuple(Endpoint(_address(entry), _common(behind)) for entry in found)
    owners = {replica.address: named.get(replica.name.rpartition("/")[0], {}) for replica in replicas}
    if len(owners) == len(replicas) and all(entry.host in owners for entry in found):
        return tuple(Endpoint(_address(entry), owners[entry.host]) for entry in found)
    if _shared(stack, service, port):
        return tuple(Endpoint(_address(entry), _common(behind)) for entry in found)
    return tuple(Endpoint(_address(entry), labels) for entry, labels in _by_workload(stack, service, port))


def _by_workload(
    stack: RunningStack, service: Service, port: ServicePort
) -> tuple[tuple[PlatformEndpoint, Mapping[str, str]], ...]:
    """Return the addresses that lead to each workload's own replicas, with its labels."""
    return tuple(
        (entry, workload.labels)
        for workload in stack.topology.behind(service)
        for entry in _ready(stack, replace(service, selector=dict(workload.labels)), port)
    )


def _shared(stack: RunningStack, service: Service, port: ServicePort) -> bool:
    """Whether one address leads to replicas of several workloads, as that of a NodePort does."""
    if len(stack.topology.behind(service)) <= 1 or all(entry.replica for entry in _ready(stack, service, port)):
        return False
    found = [(entry.host, entry.port) for entry, _ in _by_workload(stack, service, port)]
    return len(set(found)) < len(found)


def _ready(stack: RunningStack, service: Service, port: ServicePort) -> tuple[PlatformEndpoint, ...]:
    try:
        return stack.endpoints(service, port.port)
    except StackError:
        return ()


def _address(endpoint: PlatformEndpoint) -> Address:
    try:
        return Address(str(ipaddress.ip_address(endpoint.host)), endpoint.port)
    except ValueError:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, socket.AF_INET, socket.SOCK_STREAM)
        return Address(str(found[0][4][0]), endpoint.port)


def _owner(endpoint: PlatformEndpoint) -> str:
    return endpoint.replica.rpartition("/")[0]


def _common(workloads: tuple[Workload, ...]) -> Mapping[str, str]:
    first, *others = workloads
    return {key: value for key, value in first.labels.items() if all(one.labels.get(key) == value for one in others)}


def _host(service: Service) -> Host:
    return Host(service.namespace, service.name)

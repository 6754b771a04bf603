"""Names inside a stack: what containers call a Service, and which Services need a forwarder. Pure.

As in a cluster, a Service is ``iris-svc`` in its own namespace and ``iris-svc.load-test``,
``iris-svc.load-test.svc`` and ``iris-svc.load-test.svc.cluster.local`` everywhere. Docker's DNS knows aliases without
namespaces, so the short name comes from the search list of a Pod's resolver, as in a cluster (resolv.conf(5)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gonogo.manifests.topology import ConfigMapVolume, Service, Topology, Workload
from gonogo.platforms.process.naming import container_port

__all__ = ["aliases", "direct", "forwarded", "pack", "search_list"]


def aliases(service: Service, topology: Topology) -> tuple[str, ...]:
    """Return the names of ``service``, the short one only where no other namespace has a Service of that name."""
    dotted = f"{service.name}.{service.namespace}"
    alone = sum(each.name == service.name for each in topology.services) == 1
    return (*((service.name,) if alone else ()), dotted, f"{dotted}.svc", f"{dotted}.svc.cluster.local")


def search_list(namespace: str) -> tuple[str, ...]:
    """Return the domains in which a Pod of ``namespace`` looks for short names."""
    return (f"{namespace}.svc.cluster.local", "svc.cluster.local", "cluster.local")


def direct(service: Service, topology: Topology) -> bool:
    """Whether callers may reach the only replica by itself: one replica, and every port the same behind it."""
    behind = topology.behind(service)
    return sum(topology.most_replicas(workload) for workload in behind) == 1 and all(
        container_port(port.target_port, workload, str(service.source)) == port.port
        for workload in behind
        for port in service.ports
    )


def forwarded(topology: Topology) -> tuple[Service, ...]:
    """Return the Services that something in the stack names and that a name alone cannot lead to."""
    texts = "\n".join(_texts(topology))
    return tuple(
        service
        for service in topology.services
        if any(topology.most_replicas(workload) for workload in topology.behind(service))
        and not direct(service, topology)
        and re.search(rf"(?<![\w-]){re.escape(service.name)}(?![\w-])", texts)
    )


def pack(services: tuple[Service, ...]) -> tuple[tuple[Service, ...], ...]:
    """Share Services out over as few forwarders as possible, such that no two of one have a port in common."""
    booths: list[list[Service]] = []
    for service in services:
        ports = {port.port for port in service.ports}
        for booth in booths:
            if not ports & {port.port for each in booth for port in each.ports}:
                booth.append(service)
                break
        else:
            booths.append([service])
    return tuple(map(tuple, booths))


def _texts(topology: Topology) -> Iterator[str]:
    for workload in (*topology.workloads, *_templates(topology)):
        for container in (*workload.init_containers, *workload.containers):
            yield from (variable.value for variable in container.env)
            yield from container.command or ()
            yield from container.args
        for volume in workload.volumes:
            if isinstance(volume, ConfigMapVolume):
                yield from (content.decode(errors="replace") for content in volume.files.values())


def _templates(topology: Topology) -> Iterator[Workload]:
    yield from (job.template for job in topology.jobs)
    yield from (each.job.template for each in topology.cron_jobs)

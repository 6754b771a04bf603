"""Where a sidecar would stand: addresses for a stack that does not run, for `gonogo render`."""

from __future__ import annotations

from typing import Final

from gonogo.errors import UsageError
from gonogo.manifests.host import Host
from gonogo.manifests.topology import ServicePort, Topology, Workload
from gonogo.mesh.sidecar import Address, Endpoint, Outlet, Sidecar

__all__ = ["layout"]

_ADMIN: Final = Address("127.0.0.1", 15000)
_MOST: Final = 250


def layout(topology: Topology, *, access_log: str = "/dev/stdout") -> Sidecar:
    """Return a client's sidecar for ``topology`` with made-up loopback addresses.

    The n-th Service listens on 127.1.n.1 and its replicas are 127.1.n.10 and up, so that the declared ports stand. What
    runs the stack knows better and makes its own Sidecar.

    Raises:
        UsageError: there are more Services or replicas than addresses.
    """
    if len(topology.services) > _MOST:
        raise UsageError(f"{len(topology.services)} Services are more than {_MOST}", mend="render fewer manifests")
    outlets = [
        Outlet(
            Host(service.namespace, service.name),
            port.port,
            Address(f"127.1.{n}.1", port.port),
            _replicas(topology, n, port),
        )
        for n, service in enumerate(topology.services, start=1)
        for port in service.ports
        if port.protocol == "TCP"
    ]
    return Sidecar(tuple(outlets), admin=_ADMIN, access_log=access_log)


def _replicas(topology: Topology, number: int, port: ServicePort) -> tuple[Endpoint, ...]:
    service = topology.services[number - 1]
    found: list[Endpoint] = []
    for workload in topology.behind(service):
        target = _target(workload, port)
        for _ in range(workload.replicas if target else 0):
            if len(found) >= _MOST - 10:
                raise UsageError(f"{service} has more replicas than addresses", mend=f"render at most {_MOST - 10}")
            found.append(Endpoint(Address(f"127.1.{number}.{10 + len(found)}", target), workload.labels))
    return tuple(found)


def _target(workload: Workload, port: ServicePort) -> int:
    if isinstance(port.target_port, int):
        return port.target_port
    named = [own for container in workload.containers for own in container.ports if own.name == port.target_port]
    return named[0].container_port if named else 0

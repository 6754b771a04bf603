"""What stands behind a Service's port, as every platform is asked for it."""

from __future__ import annotations

from gonogo.errors import StackError, UsageError
from gonogo.manifests.topology import Service, ServicePort, Topology, Workload

__all__ = ["backing", "declared_port"]


def declared_port(service: Service, port: int | str | None) -> ServicePort:
    """Return the port of ``service`` with that number or name; its first one when None.

    Raises:
        UsageError: the Service has no such port.
    """
    for declared in service.ports:
        if port is None or port in (declared.port, declared.name):
            return declared
    known = ", ".join(f"{each.port} {each.name}".strip() for each in service.ports) or "none"
    raise UsageError(f"the Service has no port {port!r}", where=str(service), mend=f"it declares: {known}")


def backing(topology: Topology, service: Service) -> tuple[Workload, ...]:
    """Return the workloads behind ``service``.

    Raises:
        StackError: its selector matches none.
    """
    behind = topology.behind(service)
    if not behind:
        raise StackError(
            "the Service has no endpoints: its selector matches no Pod",
            where=f"{service.source}: {service}",
            mend="make the selector equal to labels of the Pods' template",
        )
    return behind

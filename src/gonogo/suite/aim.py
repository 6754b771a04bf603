"""Where the requests for a stack's Services go: to the client's sidecar, or to the ready replicas."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

from gonogo.errors import StackError, TargetError
from gonogo.load.target import Target
from gonogo.manifests.topology import Service
from gonogo.platforms.interface import Endpoint, HostsGenerator, RunningStack
from gonogo.suite.traffic import Traffic

__all__ = ["Aim"]


class Aim:
    """Aims requests at the Services of a running stack.

    Args:
        running: the stack on its platform.
        sidecar: carries out the traffic rules that act; None where none do.
        inside: load is sent from within the stack.
    """

    def __init__(self, running: RunningStack, sidecar: Traffic | None = None, *, inside: bool = False) -> None:
        self.running = running
        self._sidecar = sidecar
        self._inside = inside

    def resolve(self, target: Target, *, direct: bool = False) -> Target:
        """Return ``target`` aimed at its Service when its host is one of the stack's, else unchanged.

        Requests to a Service that traffic rules speak for go through the client's sidecar; others, and those of a
        ``direct`` target, to the ready replicas.

        Raises:
            TargetError: the host is a Service that has no such port.
            StackError: no replica of the Service is ready.
        """
        parts = urlsplit(target.url)
        service = self._named(parts.hostname or "")
        if service is None:
            return target
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if port not in {declared.port for declared in service.ports}:
            declared_ports = ", ".join(str(declared.port) for declared in service.ports)
            raise TargetError(f"{service} has no port {port}", where=target.url, mend=f"it declares {declared_ports}")
        return self.aimed(target, service, port, direct=direct)

    def aimed(self, target: Target, service: Service, port: int, *, direct: bool = False) -> Target:
        """Return ``target`` aimed at ``port`` of ``service``: through the sidecar where rules speak for it."""
        if self._sidecar is not None and not direct and (way := self._sidecar.outlet(service, port)):
            named = self._named_for_rules(target.headers, service, port)
            return self._sidecar.traced(replace(target, endpoints=((way.ip, way.port),), headers=named))
        return replace(target, endpoints=_addresses(self._replicas_behind(service, port)))

    def _replicas_behind(self, service: Service, port: int | None = None) -> tuple[Endpoint, ...]:
        """Addresses of the ready replicas behind ``service``, from where the load is sent."""
        if self._inside and isinstance(self.running, HostsGenerator):
            return self.running.inner_endpoints(service, port)
        return self.running.endpoints(service, port)

    def asked(self, target: Target) -> str:
        """Return the Service that ``target`` asks, as ``namespace/name``; empty when it is none of the stack's."""
        service = self._named(urlsplit(target.url).hostname or "")
        return f"{service.namespace}/{service.name}" if service else ""

    def ways(self, service: Service, port: int) -> tuple[Endpoint, ...]:
        """Return where requests for ``port`` of ``service`` go: to the sidecar, or without rules to the replicas."""
        if self._sidecar is not None and (way := self._sidecar.outlet(service, port)):
            return (Endpoint(way.ip, way.port),)
        return self.running.endpoints(service, port)

    def authority(self, service: Service, port: int) -> str:
        """Return the Host header of requests to ``port`` of ``service``; empty for the Service's own name."""
        return self._sidecar.authority(service, port) if self._sidecar is not None else ""

    def _named_for_rules(
        self, headers: tuple[tuple[str, str], ...], service: Service, port: int
    ) -> tuple[tuple[str, str], ...]:
        """Return ``headers`` with the Host by which a mesh of the platform's own knows the Service, where that acts."""
        host = self.authority(service, port)
        if not host or any(name.lower() == "host" for name, _ in headers):
            return headers
        return (*headers, ("Host", host))

    def serves_at(self, host: str) -> bool:
        """Whether a ready replica of the stack has the address ``host``."""
        for service in self.running.topology.services:
            with suppress(StackError):
                if any(endpoint.host == host for endpoint in self._replicas_behind(service)):
                    return True
        return False

    def _named(self, host: str) -> Service | None:
        for service in self.running.topology.services:
            full = f"{service.name}.{service.namespace}"
            if host in (full, f"{full}.svc", f"{full}.svc.cluster.local"):
                return service
        short = [service for service in self.running.topology.services if service.name == host]
        return short[0] if len(short) == 1 else None


def _addresses(endpoints: Sequence[Endpoint]) -> tuple[tuple[str, int], ...]:
    return tuple((endpoint.host, endpoint.port) for endpoint in endpoints)

"""Probes that are missing, that ask nobody, or that kill where they should only turn away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.topology import Container, Exec, Probe, Service

__all__ = ["LIVENESS", "PORT_UNDECLARED", "PORT_UNKNOWN", "READINESS"]

_READINESS: Final = Rule("readiness-missing", Severity.WARNING, "a container behind a Service has no readiness probe")
_PORT_UNKNOWN: Final = Rule(
    "probe-port-unknown", Severity.ERROR, "a probe names a port that the container does not have"
)
_PORT_UNDECLARED: Final = Rule("probe-port-undeclared", Severity.WARNING, "a probe asks a port that is not declared")
_LIVENESS: Final = Rule(
    "liveness-like-readiness", Severity.NOTICE, "a liveness probe gives up as soon as readiness does"
)

_WITH_PORT: Final = ("httpGet", "tcpSocket", "grpc")


def _readiness(assembly: Assembly) -> Iterator[Finding]:
    for placed in assembly.workloads:
        services = [s.service for s in assembly.services if s.service.selects(placed.workload)]
        containers = placed.each_container()
        for container, place in containers:
            serving = len(containers) == 1 or any(_serves(container, service) for service in services)
            if services and serving and container.readiness is None:
                yield place.finding(
                    _READINESS,
                    f"{services[0]} sends it traffic as soon as its process runs, before it can answer",
                    "add readinessProbe:",
                )


def _serves(container: Container, service: Service) -> bool:
    own = {port.container_port for port in container.ports} | {port.name for port in container.ports if port.name}
    return any(port.target_port in own for port in service.ports)


def _each_port(assembly: Assembly) -> Iterator[tuple[int | str, Container, Place]]:
    for placed in assembly.workloads:
        for container, place in placed.each_container():
            for field, probe in (
                ("readinessProbe", container.readiness),
                ("livenessProbe", container.liveness),
                ("startupProbe", container.startup),
            ):
                if probe is not None and not isinstance(probe.action, Exec):
                    handlers = [name for name in _WITH_PORT if name in (place / field).node.children]
                    yield probe.action.port, container, place / field / handlers[0] / "port"


def _port_unknown(assembly: Assembly) -> Iterator[Finding]:
    for port, container, place in _each_port(assembly):
        names = [declared.name for declared in container.ports if declared.name]
        if isinstance(port, str) and port not in names:
            yield place.finding(
                _PORT_UNKNOWN,
                f"container {container.name} has no port called {port!r}: the probe always fails",
                f"name one of its ports ({', '.join(names) or 'none has a name'}) or write the number",
            )


def _port_undeclared(assembly: Assembly) -> Iterator[Finding]:
    for port, container, place in _each_port(assembly):
        numbers = [declared.container_port for declared in container.ports]
        if isinstance(port, int) and port not in numbers:
            yield place.finding(
                _PORT_UNDECLARED,
                f"container {container.name} declares no port {port}: if nothing listens there, it is never ready",
                f"declare containerPort: {port}, or probe a port that is declared",
            )


def _liveness(assembly: Assembly) -> Iterator[Finding]:
    for placed in assembly.workloads:
        for container, place in placed.each_container():
            ready, live = container.readiness, container.liveness
            if ready and live and ready.action == live.action and _patience_s(live) <= _patience_s(ready):
                yield (place / "livenessProbe").finding(
                    _LIVENESS,
                    "under overload the replica is killed where it should only be left out: the others get its load",
                    "raise its failureThreshold or periodSeconds above the readiness probe's, or ask another path",
                )


def _patience_s(probe: Probe) -> float:
    return probe.period_s * probe.failure_threshold


READINESS: Final = Check(_READINESS, _readiness)
PORT_UNKNOWN: Final = Check(_PORT_UNKNOWN, _port_unknown)
PORT_UNDECLARED: Final = Check(_PORT_UNDECLARED, _port_undeclared)
LIVENESS: Final = Check(_LIVENESS, _liveness)

"""Services that lead nowhere, or twice to the same port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.topology import Service, ServicePort, Workload

__all__ = ["ENDPOINTS", "PORT_TWICE", "TARGET_UNDECLARED", "TARGET_UNKNOWN"]

_ENDPOINTS: Final = Rule("service-without-endpoints", Severity.ERROR, "no Pod stands behind a Service")
_PORT_TWICE: Final = Rule("service-port-twice", Severity.ERROR, "a Service has the same port or port name twice")
_TARGET_UNKNOWN: Final = Rule("target-port-unknown", Severity.ERROR, "a Service names a port that no container has")
_TARGET_UNDECLARED: Final = Rule(
    "target-port-undeclared", Severity.WARNING, "a Service leads to a port that no container declares"
)


def _endpoints(assembly: Assembly) -> Iterator[Finding]:
    for placed in assembly.services:
        service, behind = placed.service, assembly.behind(placed)
        if any(entry.workload.replicas for entry in behind) or placed.external:
            continue
        if behind:
            why = f"{behind[0].workload} has no replicas"
            mend = "declare at least one replica"
        elif service.selector:
            why = f"no Pod in namespace {service.namespace} has the labels {_text(service)}"
            mend = _near(service, [entry.workload for entry in assembly.workloads])
        else:
            why = "it has no selector"
            mend = "select the labels of the Pods that answer"
        yield (placed.place / "spec" / "selector").finding(
            _ENDPOINTS, f"{why}: every connection to the Service is refused", mend
        )


def _near(service: Service, workloads: list[Workload]) -> str:
    def shared(workload: Workload) -> int:
        same = len(service.selector.items() & workload.labels.items())
        return 2 * same + (workload.namespace == service.namespace) + (workload.name == service.name)

    if not workloads:
        return "declare the Deployment behind it"
    nearest = max(workloads, key=shared)
    labels = ", ".join(f"{key}: {value}" for key, value in nearest.labels.items()) or "none"
    return f"select labels that Pods have; those of {nearest} are {labels}"


def _text(service: Service) -> str:
    return ", ".join(f"{key}: {value}" for key, value in service.selector.items())


def _port_twice(assembly: Assembly) -> Iterator[Finding]:
    for placed in assembly.services:
        seen: set[tuple[int, str] | str] = set()
        for port, place in placed.each_port():
            number = (port.port, port.protocol)
            if number in seen:
                yield (place / "port").finding(
                    _PORT_TWICE, f"port {port.port} stands here again: Kubernetes refuses the object", "remove one"
                )
            if port.name and port.name in seen:
                yield (place / "name").finding(
                    _PORT_TWICE, f"the name {port.name!r} stands here again: Kubernetes refuses it", "rename one"
                )
            seen |= {number, port.name}


def _each_target(assembly: Assembly) -> Iterator[tuple[ServicePort, Workload, Place]]:
    for placed in assembly.services:
        for port, place in placed.each_port():
            for entry in assembly.behind(placed):
                yield port, entry.workload, place / "targetPort"


def _target_unknown(assembly: Assembly) -> Iterator[Finding]:
    for port, workload, place in _each_target(assembly):
        names = [own.name for container in workload.containers for own in container.ports if own.name]
        if isinstance(port.target_port, str) and port.target_port not in names:
            yield place.finding(
                _TARGET_UNKNOWN,
                f"no container of {workload} has a port called {port.target_port!r}: the Service has no endpoint there",
                f"name one of its ports ({', '.join(names) or 'none has a name'}) or write the number",
            )


def _target_undeclared(assembly: Assembly) -> Iterator[Finding]:
    for port, workload, place in _each_target(assembly):
        numbers = sorted({own.container_port for container in workload.containers for own in container.ports})
        if isinstance(port.target_port, int) and port.target_port not in numbers:
            listed = ", ".join(map(str, numbers)) or "none"
            yield place.finding(
                _TARGET_UNDECLARED,
                f"no container of {workload} declares port {port.target_port}: "
                "if nothing listens there, connections are refused",
                f"declare containerPort: {port.target_port}, or lead to a port that is declared ({listed})",
            )


ENDPOINTS: Final = Check(_ENDPOINTS, _endpoints)
PORT_TWICE: Final = Check(_PORT_TWICE, _port_twice)
TARGET_UNKNOWN: Final = Check(_TARGET_UNKNOWN, _target_unknown)
TARGET_UNDECLARED: Final = Check(_TARGET_UNDECLARED, _target_undeclared)

"""Containers that get in each other's way, or say nothing about what they need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.rule import Rule

__all__ = ["ENV_TWICE", "PORT_CONFLICT", "RESOURCES"]

_RESOURCES: Final = Rule("resources-missing", Severity.NOTICE, "a container declares no CPU or no memory")
_PORT_CONFLICT: Final = Rule("port-conflict", Severity.WARNING, "two containers of a Pod declare the same port")
_ENV_TWICE: Final = Rule("env-twice", Severity.WARNING, "a variable is set twice in a container")


def _resources(assembly: Assembly) -> Iterator[Finding]:
    for placed in assembly.pods:
        for container, place in placed.each_container():
            has = container.resources
            silent = [
                name
                for name, declared in (
                    ("CPU", (has.cpu_request, has.cpu_limit)),
                    ("memory", (has.memory_request, has.memory_limit)),
                )
                if declared == (None, None)
            ]
            if silent:
                yield (place / "resources").finding(
                    _RESOURCES,
                    f"no {' and no '.join(silent)} is declared: the rate holds only where as much happens to be free",
                    "declare requests and limits",
                )


def _port_conflict(assembly: Assembly) -> Iterator[Finding]:
    for placed in assembly.pods:
        owners: dict[tuple[int, str], str] = {}
        for container, place in placed.each_container():
            for port in container.ports:
                owner = owners.setdefault((port.container_port, port.protocol), container.name)
                if owner != container.name:
                    yield (place / "ports").finding(
                        _PORT_CONFLICT,
                        f"{owner} declares port {port.container_port}, too: containers of a Pod share one address, "
                        "so the second one cannot listen",
                        "give each container a port of its own",
                    )


def _env_twice(assembly: Assembly) -> Iterator[Finding]:
    for placed in assembly.pods:
        for group in ("initContainers", "containers"):
            for i, container in enumerate(placed.spec.get(group, ())):
                seen: set[str] = set()
                for j, variable in enumerate(container.get("env", ())):
                    name = variable.get("name", "")
                    if name and name in seen:
                        yield (placed.pod / group / i / "env" / j / "name").finding(
                            _ENV_TWICE, f"{name} is set before: the last value wins", "remove one of them"
                        )
                    seen.add(name)


RESOURCES: Final = Check(_RESOURCES, _resources)
PORT_CONFLICT: Final = Check(_PORT_CONFLICT, _port_conflict)
ENV_TWICE: Final = Check(_ENV_TWICE, _env_twice)

"""The name under which the replicas of workloads are reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gonogo.manifests.findings import Source
from gonogo.manifests.topology.workload import Workload

__all__ = ["Service", "ServicePort"]


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service; ``target_port`` is a number or the name of a container port."""

    port: int
    target_port: int | str
    name: str = ""
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Service:
    """A Service and the label selector of the Pods behind it (empty: it has no endpoints of its own)."""

    namespace: str
    name: str
    ports: tuple[ServicePort, ...]
    selector: Mapping[str, str]
    source: Source
    headless: bool = False

    def selects(self, workload: Workload) -> bool:
        """Whether the Pods of ``workload`` stand behind this Service."""
        return (
            bool(self.selector)
            and workload.namespace == self.namespace
            and self.selector.items() <= workload.labels.items()
        )

    def __str__(self) -> str:
        return f"Service {self.namespace}/{self.name}"

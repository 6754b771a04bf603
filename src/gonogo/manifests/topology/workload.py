"""What runs as replicas of a Pod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gonogo.manifests.findings import Source
from gonogo.manifests.topology.container import Container, Volume

__all__ = ["Workload"]


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment, a Pod as a workload of one replica, or the Pod template of a Job.

    Attributes:
        labels: labels of the Pods (not of the Deployment).
        annotations: annotations of the Pods.
        grace_s: seconds between SIGTERM and SIGKILL (``terminationGracePeriodSeconds``).
        restart_policy: ``Always``, ``OnFailure`` or ``Never``.
    """

    kind: Literal["Deployment", "Pod", "Job"]
    namespace: str
    name: str
    replicas: int
    containers: tuple[Container, ...]
    source: Source
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    grace_s: float = 30.0
    restart_policy: Literal["Always", "OnFailure", "Never"] = "Always"

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

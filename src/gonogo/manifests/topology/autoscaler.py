"""What makes more replicas of a workload, or fewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gonogo.manifests.findings import Source

__all__ = ["Autoscaler", "Scaling", "ScalingPolicy"]


@dataclass(frozen=True, slots=True)
class ScalingPolicy:
    """How much an autoscaler may change within a time: ``value`` Pods, or ``value`` percent of them."""

    kind: Literal["Pods", "Percent"]
    value: int
    period_s: float


@dataclass(frozen=True, slots=True)
class Scaling:
    """How an autoscaler scales in one direction.

    Attributes:
        window_s: stabilization: the most cautious recommendation of so many seconds counts.
        select: which policy counts where several allow something; Disabled: it does not scale in this direction.
        tolerance: share of the target by which the measured value may differ before anything is done.
    """

    window_s: float
    policies: tuple[ScalingPolicy, ...]
    select: Literal["Max", "Min", "Disabled"] = "Max"
    tolerance: float = 0.1


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """A HorizontalPodAutoscaler on the CPU of a Deployment, with Kubernetes' defaults.

    https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/

    Attributes:
        workload: name of the Deployment.
        cpu: CPU in use over CPU requested that it aims at, 0.7 for 70 %.
    """

    namespace: str
    name: str
    workload: str
    source: Source
    least: int
    most: int
    cpu: float
    up: Scaling
    down: Scaling

    def __str__(self) -> str:
        return f"HorizontalPodAutoscaler {self.namespace}/{self.name}"

"""The Pod of a load worker, as it is applied: the manifests' own generator Pod, with gonogo's engine in it. Pure.

What places and connects the declared Pod stays (labels, annotations, node selection, service account): network policies
and a mesh then treat the load as they treat the client. Its containers make way for the engine's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gonogo.manifests.document import Document
from gonogo.manifests.topology import Topology
from gonogo.platforms.cluster.api import Json
from gonogo.platforms.interface import WorkerSize

__all__ = [
    "CONTAINER",
    "DEFAULT_CPU",
    "DEFAULT_MEMORY",
    "ROLE",
    "Beside",
    "GeneratorOrder",
    "generator_order",
    "is_generator",
    "worker_pod",
    "worker_size",
]

CONTAINER: Final = "generator"
"""Name of the engine's container."""

ROLE: Final = "gonogo.dev/role"

DEFAULT_CPU: Final = 1.0
"""Cores of a worker where no manifest says so."""

DEFAULT_MEMORY: Final = 512 * 1024**2
"""Bytes, likewise."""

_KEPT: Final = (
    "affinity",
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "imagePullSecrets",
    "nodeName",
    "nodeSelector",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
    "serviceAccount",
    "serviceAccountName",
    "tolerations",
    "topologySpreadConstraints",
)
_USER: Final = 10001


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands in a worker's Pod beside the engine, such as the client's proxy; fields as in a Pod's spec.

    Attributes:
        containers: with names of their own; the Pod is ready when they are.
        volumes: that they mount.
        annotations: of the Pod.
    """

    containers: tuple[Json, ...] = ()
    volumes: tuple[Json, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GeneratorOrder:
    """What the workers' Pods shall be.

    Attributes:
        namespace: in the cluster.
        image: of the engine, as the cluster calls it.
        declared: the manifests' own generator Pod as it would be applied; None where there is none.
    """

    namespace: str
    image: str
    size: WorkerSize
    declared: Json | None = None


def is_generator(body: Json) -> bool:
    """Whether an object of the manifests is the Pod that stands for the load generator."""
    annotations = (body.get("metadata") or {}).get("annotations") or {}
    return body.get("kind") == "Pod" and annotations.get(ROLE) == "generator"


def generator_order(
    topology: Topology, spaces: Mapping[str, str], image: str, rewritten: Callable[[Json], Json]
) -> GeneratorOrder:
    """Return what the workers' Pods shall be: of several declared generators, what that with the most CPU says.

    Args:
        topology: of the stack.
        spaces: declared namespace to the one in the cluster.
        image: of the engine, as the cluster calls it.
        rewritten: returns an object of the manifests as it would be applied.
    """
    chosen = max(topology.generators, key=lambda one: one.cpu or 0.0, default=None)
    if chosen is None:
        return GeneratorOrder(next(iter(spaces.values()), "default"), image, worker_size(None, None, ""))
    name = f"{chosen.namespace}/{chosen.name}"
    documents = [each for each in topology.documents if isinstance(each, Document)]
    bodies: list[Json] = [each.body for each in documents if is_generator(each.body)]
    declared: Json | None = next((body for body in bodies if body["metadata"]["name"] == chosen.name), None)
    return GeneratorOrder(
        spaces.get(chosen.namespace) or next(iter(spaces.values()), chosen.namespace),
        image,
        worker_size(chosen.cpu, chosen.memory, name),
        None if declared is None else rewritten(declared),
    )


def worker_size(cpu: float | None, memory: int | None, pod: str) -> WorkerSize:
    """Return what a worker has.

    Args:
        cpu: cores that the manifests give the generator's Pod; None when they are silent.
        memory: bytes, likewise.
        pod: the Pod's name, ``namespace/name``; empty where none is declared.
    """
    silent = [name for name, value in (("CPU", cpu), ("memory", memory)) if value is None]
    said = f"Pod {pod}" if pod else ""
    if silent:
        said = " and ".join(
            filter(None, (said if len(silent) == 1 else "", f"gonogo's default of {' and '.join(silent)}"))
        )
    return WorkerSize(cpu or DEFAULT_CPU, memory or DEFAULT_MEMORY, said)


def worker_pod(
    name: str,
    namespace: str,
    image: str,
    size: WorkerSize,
    *,
    declared: Json | None = None,
    beside: Beside | None = None,
) -> dict[str, Any]:
    """Return the Pod of a worker.

    Args:
        name: of the Pod.
        namespace: in the cluster.
        image: of the engine.
        size: requests and limits alike, so that the kubelet takes the Pod for one whose resources are guaranteed.
        declared: the manifests' generator Pod, as it would be applied.
        beside: what else stands in the Pod.
    """
    given, beside = declared or {}, beside or Beside()
    metadata, spec = given.get("metadata") or {}, given.get("spec") or {}
    amounts = {"cpu": f"{math.ceil(size.cpu * 1000)}m", "memory": str(size.memory)}
    engine = {
        "name": CONTAINER,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": amounts, "limits": amounts},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": "gonogo-tmp", "mountPath": "/tmp"}],  # noqa: S108 - in the container
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {**(metadata.get("labels") or {}), ROLE: "generator"},
            "annotations": {**(metadata.get("annotations") or {}), **beside.annotations},
        },
        "spec": {
            "automountServiceAccountToken": False,
            **{kept: spec[kept] for kept in _KEPT if kept in spec},
            "containers": [engine, *beside.containers],
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "volumes": [{"name": "gonogo-tmp", "emptyDir": {}}, *beside.volumes],
        },
    }

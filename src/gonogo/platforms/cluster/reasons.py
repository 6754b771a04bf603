"""Why a replica is not ready, in the words of who knows: scheduler, kubelet, container. Pure.

Whose fault it is decides what becomes of the gate: a container that ends or a probe that fails is the service's, an
image that does not come or a node without room is the cluster's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gonogo.manifests.secret import SecretText
from gonogo.manifests.topology import Exec, HttpGet, Probe, TcpSocket, Workload
from gonogo.platforms.cluster.pods import ContainerView, EventView, PodView

__all__ = ["Reason", "why_not_ready"]

_IMAGE: Final = ("ErrImageNeverPull", "ErrImagePull", "ImageInspectError", "ImagePullBackOff", "InvalidImageName")
_ENDS_TOLERATED: Final = 2
_UNHEALTHY: Final = "Unhealthy"
_MACHINE: Final = ("FailedCreatePodSandBox", "FailedMount", "FailedAttachVolume", "NetworkNotReady", "NodeNotReady")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a replica is not ready.

    Attributes:
        text: as a clause.
        service: it is the service's own fault, and not the cluster's.
        hopeless: waiting longer will not help.
        container: whose last log lines tell more; empty when none do.
    """

    text: str
    service: bool = True
    hopeless: bool = False
    container: str = ""


def why_not_ready(
    pod: PodView | None, workload: Workload, events: Iterable[EventView], refusal: str = ""
) -> Reason | None:
    """Return why the replica is not ready; None: it is.

    Args:
        pod: that holds the replica's place, if there is one.
        workload: what it is a replica of.
        events: of the Pod, in any order.
        refusal: why the Deployment can make no Pods; empty: it can, or nothing is known.
    """
    if pod is None:
        if refusal:
            return Reason(f"no Pod is made: {refusal}", service=False, hopeless=True)
        return Reason("no Pod has been made yet", service=False)
    if pod.ready and not pod.deleting:
        return None
    return _by_the_cluster(pod) or _inside(pod, workload, events)


def _by_the_cluster(pod: PodView) -> Reason | None:
    if pod.unscheduled:
        return Reason(f"it cannot be scheduled: {pod.unscheduled}", service=False)
    if pod.why and pod.phase == "Failed":
        return Reason(f"the Pod failed: {pod.why}", service=False)
    return None


def _inside(pod: PodView, workload: Workload, events: Iterable[EventView]) -> Reason:
    about = sorted((each for each in events if each.about == ("Pod", pod.name)), key=lambda each: each.last)
    troubled = sorted((each for each in pod.containers if not each.done), key=lambda each: not each.init)
    told = [reason for each in troubled if (reason := _container(each, workload, about)) is not None]
    if told:
        return min(told, key=lambda reason: (not reason.hopeless, not reason.container))
    if said := [each.message for each in about if each.reason in _MACHINE]:
        return Reason(said[-1], service=False)
    if pod.over:
        return Reason("its containers have ended and its restart policy starts none again", hopeless=True)
    return Reason(f"it is being started (phase {pod.phase})" if pod.node else "it waits for a node", service=False)


def _container(container: ContainerView, workload: Workload, events: Sequence[EventView]) -> Reason | None:
    name = f"{'init ' if container.init else ''}container {container.name}"
    if container.waiting in _IMAGE:
        said = [each.message for each in events if each.reason == "Failed" and "image" in each.message.lower()]
        detail = said[0] if said else container.said or container.waiting
        hopeless = container.waiting != "ErrImagePull"
        return Reason(f"{name}: no image {container.image}: {detail}", service=False, hopeless=hopeless)
    if container.ended and not container.running:
        ends = container.restarts + 1
        often = "once" if ends == 1 else f"{ends} times"
        return Reason(
            f"{name} ended {often}, last {container.ended}",
            hopeless=ends > _ENDS_TOLERATED or workload.restart_policy == "Never",
            container=container.name,
        )
    if container.waiting in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
        return Reason(f"{name} cannot be made: {container.said or container.waiting}", container="")
    if container.running and not container.ready and not container.init:
        return Reason(f"{name}: {_probes(container.name, workload, events)}", container=container.name)
    if container.running and container.init:
        return Reason(f"{name} has not ended", container=container.name)
    return None


def _probes(name: str, workload: Workload, events: Sequence[EventView]) -> str:
    """What the probes say: how the manifest asks, and what came of it."""
    declared = next((each for each in workload.containers if each.name == name), None)
    failed = [each.message for each in events if each.reason == _UNHEALTHY]
    for kind, probe in (
        ("Startup", declared.startup if declared else None),
        ("Readiness", declared.readiness if declared else None),
        ("Liveness", declared.liveness if declared else None),
    ):
        said = [message for message in failed if message.startswith(f"{kind} probe")]
        if probe is not None and said:
            what = said[-1].partition(": ")[2] or said[-1]
            return f"{kind.lower()} probe ({_asked(probe)}) fails: {what}"
    if declared is not None and declared.readiness is not None:
        return f"readiness probe ({_asked(declared.readiness)}) has not held yet"
    return "it is not ready"


def _asked(probe: Probe) -> str:
    match probe.action:
        case HttpGet(path=path, port=port):
            return f"GET :{port}{path}"
        case TcpSocket(port=port):
            return f"TCP :{port}"
        case Exec(command=command):
            return " ".join("***" if isinstance(word, SecretText) else word for word in command)

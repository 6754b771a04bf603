"""Pods and events as the API server tells of them, read into values. Pure.

Field names: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gonogo.platforms.cluster.api import Json

__all__ = ["ContainerView", "EventView", "PodView", "read_event", "read_pod"]

_SIGNALS = 128


@dataclass(frozen=True, slots=True)
class ContainerView:
    """One container.

    Attributes:
        init: it runs before the others.
        waiting: why it does not run, as Kubernetes calls it; ``said`` is the message to it.
        ended: how it ended last, as a clause; empty when it never did.
        done: an init container that ended well.
    """

    name: str
    image: str
    init: bool
    running: bool
    ready: bool
    restarts: int
    waiting: str = ""
    said: str = ""
    ended: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class PodView:
    """One Pod.

    Attributes:
        namespace: in the cluster.
        owner: kind and name of the workload that made it: Deployment, Job, or the Pod itself.
        unscheduled: the scheduler's words while it finds no node.
        created: as the API writes it; texts in the order of time.
        why: reason and message of the whole Pod, such as an eviction's.
    """

    uid: str
    name: str
    namespace: str
    owner: tuple[str, str]
    phase: str
    address: str
    node: str
    ready: bool
    deleting: bool
    created: str
    containers: tuple[ContainerView, ...] = ()
    unscheduled: str = ""
    why: str = ""

    @property
    def restarts(self) -> int:
        """Containers started again."""
        return sum(each.restarts for each in self.containers)

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.phase in ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class EventView:
    """One event: what happened to which object.

    Attributes:
        uid: of the event.
        about: kind and name of the object.
        count: how often.
        last: when, as the API writes it.
    """

    uid: str
    about: tuple[str, str]
    namespace: str
    warning: bool
    reason: str
    message: str
    count: int
    last: str


def read_pod(body: Json) -> PodView:
    """Return the Pod that ``body`` tells of."""
    metadata, status, spec = body["metadata"], body.get("status") or {}, body.get("spec") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    scheduled = conditions.get("PodScheduled", {})
    return PodView(
        uid=metadata["uid"],
        name=metadata["name"],
        namespace=metadata["namespace"],
        owner=_owner(metadata),
        phase=status.get("phase", "Pending"),
        address=status.get("podIP", ""),
        node=spec.get("nodeName", ""),
        ready=conditions.get("Ready", {}).get("status") == "True",
        deleting="deletionTimestamp" in metadata,
        created=metadata.get("creationTimestamp", ""),
        containers=(
            *_containers(status.get("initContainerStatuses") or (), init=True),
            *_containers(status.get("containerStatuses") or (), init=False),
        ),
        unscheduled=scheduled.get("message", "") if scheduled.get("status") == "False" else "",
        why=": ".join(text for text in (status.get("reason", ""), status.get("message", "")) if text),
    )


def read_event(body: Json) -> EventView:
    """Return the event that ``body`` (core/v1) tells of."""
    about, metadata = body.get("involvedObject") or {}, body["metadata"]
    series = body.get("series") or {}
    return EventView(
        uid=metadata["uid"],
        about=(about.get("kind", ""), about.get("name", "")),
        namespace=metadata["namespace"],
        warning=body.get("type") == "Warning",
        reason=body.get("reason", ""),
        message=" ".join(str(body.get("message", "")).split()),
        count=series.get("count") or body.get("count") or 1,
        last=series.get("lastObservedTime") or body.get("lastTimestamp") or body.get("eventTime") or "",
    )


def _owner(metadata: Mapping[str, Any]) -> tuple[str, str]:
    labels = metadata.get("labels") or {}
    for reference in metadata.get("ownerReferences") or ():
        if reference.get("kind") == "ReplicaSet":
            # A Deployment names its ReplicaSets after itself and the hash of the template.
            return "Deployment", reference["name"].removesuffix(f"-{labels.get('pod-template-hash', '')}")
        if reference.get("controller"):
            return reference["kind"], reference["name"]
    return "Pod", metadata["name"]


def _containers(statuses: Sequence[Mapping[str, Any]], *, init: bool) -> Iterable[ContainerView]:
    for status in statuses:
        state, last = status.get("state") or {}, status.get("lastState") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or last.get("terminated")
        finished = state.get("terminated") or {}
        yield ContainerView(
            name=status["name"],
            image=status.get("image", ""),
            init=init,
            running="running" in state,
            ready=bool(status.get("ready")),
            restarts=int(status.get("restartCount", 0)),
            waiting=waiting.get("reason", ""),
            said=" ".join(str(waiting.get("message", "")).split()),
            ended=_ended(ended) if ended else "",
            done=init and bool(finished) and finished.get("exitCode") == 0,
        )


def _ended(state: Mapping[str, Any]) -> str:
    """How a container ended: ``with exit status 3``, ``by signal 9 (OOMKilled)``."""
    code, reason = int(state.get("exitCode", 0)), state.get("reason", "")
    how = f"by signal {code - _SIGNALS}" if code > _SIGNALS else f"with exit status {code}"
    told = f" ({reason})" if reason and reason not in ("Completed", "Error") else ""
    message = " ".join(str(state.get("message", "")).split())
    return f"{how}{told}" + (f": {message}" if message else "")


def seconds(written: str) -> float:
    """Return an API time as seconds since 1970; 0 for an empty one."""
    return datetime.fromisoformat(written).timestamp() if written else 0.0

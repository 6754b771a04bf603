"""Pods and events as the API server tells of them, for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gonogo.platforms.cluster.pods import ContainerView, EventView, PodView

__all__ = ["event", "pod", "view"]


def pod(uid: str = "u1", *, ready: bool = True, workload: str = "web", **changes: Any) -> PodView:  # noqa: ANN401
    """Return a Pod of the Deployment ``workload`` in the namespace ``shop-1``."""
    running = ContainerView("main", "echo:1", init=False, running=True, ready=ready, restarts=0)
    made = PodView(
        uid=uid,
        name=f"{workload}-{uid}",
        namespace="shop-1",
        owner=("Deployment", workload),
        phase="Running",
        address="10.0.0.1",
        node="n1",
        ready=ready,
        deleting=False,
        created="2026-01-01T00:00:00Z",
        containers=(running,),
    )
    return replace(made, **changes)


def view(**changes: Any) -> ContainerView:  # noqa: ANN401 - fields of the container
    """Return a container that does not run."""
    made = ContainerView("main", "echo:1", init=False, running=False, ready=False, restarts=0)
    return replace(made, **changes)


def event(reason: str, message: str, about: str = "web-u1", last: str = "2026-01-01T00:00:01Z") -> EventView:
    """Return a warning about a Pod."""
    return EventView(
        message, ("Pod", about), "shop-1", warning=True, reason=reason, message=message, count=1, last=last
    )

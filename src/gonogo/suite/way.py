"""The way between the client's sidecar and the replicas, where something stands on it."""

from __future__ import annotations

from typing import Protocol

from gonogo.gate.judgment import ReplicaUsage
from gonogo.mesh.sidecar import Outlet
from gonogo.runs.run import Run
from gonogo.suite.recorder import RunPlace

__all__ = ["Way"]


class Way(Protocol):
    """Proxies between the sidecar and the replicas."""

    def __call__(self, outlets: tuple[Outlet, ...]) -> tuple[Outlet, ...]:
        """Return ``outlets`` with the proxies' addresses in place of the replicas' own."""
        ...

    def begin(self) -> None:
        """A run begins."""
        ...

    def told(self, run: Run, place: RunPlace) -> Run:
        """Return ``run`` with what the proxies know of its requests."""
        ...

    def usage(self) -> tuple[ReplicaUsage, ...]:
        """What the proxies used since the run began."""
        ...

    def note(self) -> str:
        """What a reader of the judgment must know about them."""
        ...

    def stop(self) -> None:
        """End the proxies; safe to call twice."""
        ...

"""The way between the client's sidecar and the replicas, where something stands on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gonogo.gate.judgment import ReplicaUsage
from gonogo.mesh.sidecar import Outlet
from gonogo.runs.run import Run
from gonogo.suite.recorder import RunPlace
from gonogo.verdicts.criterion import Criterion

__all__ = ["Way"]


class Way(Protocol):
    """Proxies between the sidecar and the replicas."""

    def __call__(self, outlets: tuple[Outlet, ...]) -> tuple[Outlet, ...]:
        """Return ``outlets`` with the proxies' addresses in place of the replicas' own."""
        ...

    def check(self, criterion: Criterion, asked: Sequence[str]) -> None:
        """Refuse a criterion on captured answers that cannot be judged on a run whose targets ask ``asked``."""
        ...

    def begin(self, asked: Sequence[str]) -> None:
        """A run begins, whose targets ask the Services ``asked``: ``namespace/name``, empty for none."""
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

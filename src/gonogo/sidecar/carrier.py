"""What carries out the traffic rules for the load: gonogo's own sidecar beside the generator, or Istio's proxy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gonogo.manifests.findings import Finding
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Outlet
from gonogo.sidecar.access_log import AccessLog
from gonogo.sidecar.process import Usage

__all__ = ["Carrier"]


class Carrier(Protocol):
    """A proxy through which the load goes."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def policy(self) -> Policy:
        """The rules that act now."""
        ...

    @property
    def outlets(self) -> tuple[Outlet, ...]:
        """What it reaches, and where requests for it enter."""
        ...

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What of the rules it does not carry out."""
        ...

    @property
    def problem(self) -> str:
        """Why it does not serve any more; empty while it does."""
        ...

    @property
    def log(self) -> AccessLog | None:
        """What it records of every request; None where its records cannot be seen."""
        ...

    def change(self, policy: Policy, outlets: Sequence[Outlet]) -> None:
        """Act on other rules or replicas from now on, without losing a request.

        Raises:
            EnvironmentFault: it refuses them, has ended or does not act in time; it goes on as before.
        """
        ...

    def sample(self) -> Usage | None:
        """What it has used since its start; None where that cannot be seen."""
        ...

    def stop(self) -> None:
        """End what was started; safe to call twice."""
        ...

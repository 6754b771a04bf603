"""What a proxy is to the sidecar: it starts, takes changes while it serves, and stops."""

from __future__ import annotations

from typing import Protocol

from gonogo.manifests.findings import Finding
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Sidecar
from gonogo.sidecar.process import ProxyProcess

__all__ = ["Proxy"]


class Proxy(Protocol):
    """A proxy that serves. Its constructor starts it and returns when it takes requests.

    Attributes:
        name: what people call it, with its version.
        process: what runs.
        findings: what of the rules it does not carry out.
    """

    name: str
    process: ProxyProcess
    findings: tuple[Finding, ...]

    def change(self, policy: Policy, sidecar: Sidecar) -> None:
        """Act on other rules or replicas from now on, without losing a request.

        Raises:
            EnvironmentFault: it refuses them, has ended, or does not act on them in time; it goes on as before.
        """
        ...

"""Istio's proxy as the load's way: it listens where its owner says, and Istio's control plane tells it the rules."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gonogo.errors import EnvironmentFault, UsageError
from gonogo.manifests.findings import Finding
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Address, Outlet
from gonogo.sidecar.process import Usage

__all__ = ["IstioProxy", "ProxyAddress"]

_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class ProxyAddress:
    """Where an Istio proxy takes requests.

    Attributes:
        host: name or IP address.
        port: at which it takes those for any Service; None: at the Service's own port.
    """

    host: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> ProxyAddress:
        """Return the address that ``HOST`` or ``HOST:PORT`` says.

        Raises:
            UsageError: it says none.
        """
        host, colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
        if not host or any(sign.isspace() or sign == "/" for sign in host) or (colon and not port.isdecimal()):
            raise UsageError(f"{text!r} is no address of a proxy", where="istio_proxy", mend="write HOST or HOST:PORT")
        return cls(host, int(port) if colon else None)

    def at(self, port: int) -> Address:
        """Return where requests for ``port`` of a Service go.

        Raises:
            EnvironmentFault: the host is unknown.
        """
        try:
            found = socket.getaddrinfo(self.host, self.port or port, socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            raise EnvironmentFault(
                f"Istio's proxy is at {self.host}, which is unknown: {error}", where="istio_proxy", mend="mend the name"
            ) from error
        return Address(str(found[0][4][0]), self.port or port)

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


class IstioProxy:
    """A proxy that gonogo neither starts nor configures. It keeps no records for gonogo, and its usage is not seen.

    Args:
        address: where it is.
        policy: the rules, as the cluster holds them.
        outlets: every port of every Service; those of ``policy`` are reached through it.

    Raises:
        EnvironmentFault: nothing takes connections there.
    """

    findings: tuple[Finding, ...] = ()
    log = None

    def __init__(self, address: ProxyAddress, policy: Policy, outlets: Sequence[Outlet]) -> None:
        self.name = f"Istio's proxy at {address}"
        self.policy = policy
        ruled = {ruling.host for ruling in policy.rulings}
        self.outlets = tuple(
            replace(outlet, listen=address.at(outlet.port), endpoints=()) for outlet in outlets if outlet.host in ruled
        )
        for outlet in self.outlets:
            if why := self._deaf(outlet):
                raise EnvironmentFault(
                    f"{self.name} takes no connections for {outlet.host}:{outlet.port} ({why})",
                    where="istio_proxy",
                    mend="have it listen there (an egress listener of a Sidecar resource at the Service's port), or"
                    " leave out istio_proxy: the rules then act in gonogo's own sidecar",
                )

    @property
    def problem(self) -> str:
        """Why it does not take connections any more; empty while it does."""
        deaf = [why for outlet in self.outlets if (why := self._deaf(outlet))]
        return f"{self.name} takes no connections any more ({deaf[0]})" if deaf else ""

    def change(self, policy: Policy, outlets: Sequence[Outlet]) -> None:
        """Take the rules that the cluster is about to hold for those that act; replicas are Istio's own affair."""
        del outlets
        self.policy = policy

    def sample(self) -> Usage | None:
        """Nothing is seen of it."""
        return None

    def stop(self) -> None:
        """It goes on: it is not gonogo's."""

    @staticmethod
    def _deaf(outlet: Outlet) -> str:
        assert outlet.listen is not None  # noqa: S101 - set for each in the constructor
        try:
            socket.create_connection((outlet.listen.ip, outlet.listen.port), timeout=_PATIENCE_S).close()
        except OSError as error:
            return str(error.strerror or error).lower()
        return ""

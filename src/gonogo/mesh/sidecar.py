"""The sidecar's surroundings: where it listens for each Service, and where the replicas are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gonogo.errors import UsageError
from gonogo.manifests.host import Host

__all__ = ["Address", "Endpoint", "Outlet", "Sidecar", "SocketPath"]

_PORTS = range(1, 65536)


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """An IP address and a TCP port."""

    ip: str
    port: int

    def __post_init__(self) -> None:
        if self.port not in _PORTS:
            raise UsageError(f"{self.port} is no port", where=self.ip, mend="give one from 1 to 65535")

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.ip.startswith("127.") or self.ip == "::1"

    def __str__(self) -> str:
        return f"{self.ip}:{self.port}"


@dataclass(frozen=True, slots=True)
class SocketPath:
    """A unix socket."""

    path: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A replica that takes requests.

    Attributes:
        labels: of its Pod; subsets select by them.
        replica: its name; empty where it is not known.
    """

    address: Address
    labels: Mapping[str, str] = field(default_factory=dict)
    replica: str = ""


@dataclass(frozen=True, slots=True)
class Outlet:
    """One port of a Service, as the client reaches it through the sidecar.

    Attributes:
        port: the Service's own.
        listen: where the sidecar listens for it; None when requests reach it only by other Services' routes.
        endpoints: its replicas that are ready, at their own ports.
    """

    host: Host
    port: int
    listen: Address | None
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A client's sidecar.

    Attributes:
        outlets: every port of every Service that it may reach.
        admin: where its administration listens: on loopback or a unix socket; None for none.
        access_log: file that gets one JSON object for each request; empty for none.
        name: what it calls itself in its records.
        workers: threads (Envoy) or processes (Nginx) that serve requests; Envoy is told on its command line.
    """

    outlets: tuple[Outlet, ...]
    admin: Address | SocketPath | None = None
    access_log: str = ""
    name: str = "client"
    workers: int = 1

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise UsageError(f"a sidecar with {self.workers} workers", mend="give it one or more")
        if isinstance(self.admin, Address) and not self.admin.loopback:
            raise UsageError(
                f"the administration of the sidecar would listen on {self.admin}, where others reach it",
                mend="give a loopback address or a unix socket",
            )
        seen: dict[Address, Outlet] = {}
        for outlet in self.outlets:
            other = seen.setdefault(outlet.listen, outlet) if outlet.listen else outlet
            if other is not outlet:
                raise UsageError(
                    f"{other.host}:{other.port} and {outlet.host}:{outlet.port} would both listen on {outlet.listen}",
                    mend="give each Service an address of its own",
                )

    def outlet(self, host: Host, port: int | None, arrived: int) -> Outlet | None:
        """Return the outlet that a destination means: by its port, else the only one, else that at which it arrived."""
        of_host = [entry for entry in self.outlets if entry.host == host]
        if port is None:
            port = of_host[0].port if len(of_host) == 1 else arrived
        return next((entry for entry in of_host if entry.port == port), None)

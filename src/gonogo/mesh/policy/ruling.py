"""All that is ruled for one Service: its routes, its subsets, and what holds for the connections to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gonogo.manifests.host import Host
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.destination import Destination, Weighted
from gonogo.mesh.policy.origin import Origin
from gonogo.mesh.policy.rejection import Rejection
from gonogo.mesh.policy.route import Route
from gonogo.mesh.policy.traffic import UNRULED, Traffic

__all__ = ["PortTraffic", "Ruling", "Subset"]

PortTraffic = Mapping[int, Traffic]
"""What holds at single ports of a Service. It replaces what holds for the whole destination; nothing is inherited."""


@dataclass(frozen=True, slots=True)
class Subset:
    """The replicas of a Service whose Pods have ``labels``."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    traffic: Traffic = UNRULED
    ports: PortTraffic = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is ruled for one Service.

    Attributes:
        routes: None when no rule routes its requests: all of them go to all of its replicas. An empty tuple takes
            no request.
        route_ports: the ports to which ``routes`` are limited; None for all.
        rejection: what the breaker answers; None is the proxy's own 503.
        overflow: where requests with a body go that the breaker turns away; its answer is the client's then.
        origin: where ``traffic``, ``ports`` and ``subsets`` are declared.
    """

    host: Host
    traffic: Traffic = UNRULED
    ports: PortTraffic = field(default_factory=dict)
    subsets: tuple[Subset, ...] = ()
    routes: tuple[Route, ...] | None = None
    route_ports: frozenset[int] | None = None
    rejection: Rejection | None = None
    overflow: Destination | None = None
    origin: Origin | None = field(default=None, compare=False)

    def routes_at(self, port: int) -> tuple[Route, ...]:
        """Return the routes for requests that arrive at ``port``: one to all replicas where no rule says otherwise."""
        if self.routes is None or (self.route_ports is not None and port not in self.route_ports):
            return (Route(Forward((Weighted(Destination(self.host, port)),)), name="default"),)
        return self.routes

    def effective(self, port: int, subset: str = "") -> Traffic:
        """Return what holds for connections to ``subset`` (all replicas when empty) at ``port``.

        The destination's port settings come before its own, the subset's before both, field by field; port settings
        replace what they stand for as a whole
        (https://istio.io/latest/docs/reference/config/networking/destination-rule/#TrafficPolicy-PortTrafficPolicy).
        """
        whole = self.ports.get(port, self.traffic)
        for entry in self.subsets:
            if entry.name == subset:
                return entry.ports[port] if port in entry.ports else entry.traffic.over(whole)
        return whole

"""Upstreams: the replicas of a Service or of a subset, and the limits of the connections to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gonogo.manifests.host import Host
from gonogo.mesh.nginx.difference import Differences
from gonogo.mesh.nginx.form import block, header_variable, seconds
from gonogo.mesh.policy.balancer import Algorithm, Balancer, HashKey, HashSource
from gonogo.mesh.policy.origin import Origin
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.pool import Pool
from gonogo.mesh.policy.traffic import Traffic
from gonogo.mesh.sidecar import Endpoint, Outlet, Sidecar

__all__ = ["Upstream", "upstreams"]

_KEPT: Final = 100
_EJECTED_S: Final = 30.0
_CONSECUTIVE: Final = 5
_PLAIN: Final = {
    Algorithm.ROUND_ROBIN: "",
    # As Envoy does it: the better of two that are drawn.
    Algorithm.LEAST_REQUEST: "random two least_conn;",
    Algorithm.RANDOM: "random;",
}


@dataclass(frozen=True, slots=True)
class Upstream:
    """The replicas of one destination.

    Attributes:
        name: of its upstream and of its zone.
        limit: requests at the same time; None for no limit.
    """

    name: str
    host: Host
    port: int
    subset: str
    traffic: Traffic
    endpoints: tuple[Endpoint, ...]

    @property
    def limit(self) -> int | None:
        """Requests at the same time: a connection carries one, and nothing waits for a connection."""
        pool = self.traffic.pool or Pool()
        given = [entry for entry in (pool.max_connections, pool.max_requests) if entry is not None]
        return min(given, default=None)

    @property
    def text(self) -> str:
        """Its directives; empty when there is no replica, which Nginx does not allow."""
        if not self.endpoints:
            return ""
        pool = self.traffic.pool or Pool()
        lines = [f"zone {self.name} 64k;", _method(self.traffic.balancer or Balancer())]
        lines += [f"server {entry.address}{self._failures()};" for entry in self.endpoints]
        lines.append(f"keepalive {max(_KEPT, self.limit or 0)};")
        lines.append(f"keepalive_requests {pool.max_requests_per_connection or 1_000_000};")
        if pool.idle_timeout_s is not None:
            lines.append(f"keepalive_timeout {seconds(pool.idle_timeout_s) if pool.idle_timeout_s else '1d'};")
        if pool.max_connection_s is not None:
            lines.append(f"keepalive_time {seconds(pool.max_connection_s)};")
        text = block(f"upstream {self.name}", [line for line in lines if line])
        if self.limit is not None:
            text += f"\nlimit_conn_zone {self.name} zone={self.name}_limit:64k;"
        return text

    def _failures(self) -> str:
        outliers = self.traffic.outliers
        if outliers is None:
            return " max_fails=0"
        count = _CONSECUTIVE if outliers.consecutive_5xx is None else outliers.consecutive_5xx
        out = _EJECTED_S if outliers.base_ejection_s is None else outliers.base_ejection_s
        return f" max_fails={count} fail_timeout={max(1, round(out))}s"


def upstreams(policy: Policy, sidecar: Sidecar, differences: Differences) -> tuple[Upstream, ...]:
    """Return the upstream of every outlet and of each of its subsets."""
    made: list[Upstream] = []
    for outlet in sidecar.outlets:
        ruling = policy.of(outlet.host)
        for subset, labels in (("", {}), *((entry.name, entry.labels) for entry in ruling.subsets)):
            traffic = ruling.effective(outlet.port, subset)
            chosen = tuple(entry for entry in outlet.endpoints if labels.items() <= entry.labels.items())
            made.append(Upstream(_name(outlet, subset), outlet.host, outlet.port, subset, traffic, chosen))
            _compare(traffic, ruling.origin, differences)
    return tuple(made)


def _name(outlet: Outlet, subset: str) -> str:
    parts = [outlet.host.namespace, outlet.host.name, str(outlet.port), *([subset] if subset else [])]
    return "_".join(parts).replace("-", "_").replace(".", "_")


def _method(balancer: Balancer) -> str:
    return f"hash {_key(balancer.key)} consistent;" if balancer.key else _PLAIN[balancer.algorithm]


def _key(key: HashKey) -> str:
    match key.source:
        case HashSource.HEADER:
            return header_variable(key.name) or "$remote_addr"
        case HashSource.COOKIE:
            return f"$cookie_{key.name}"
        case HashSource.QUERY:
            return f"$arg_{key.name}"
        case HashSource.ADDRESS:
            return "$remote_addr"


def _compare(traffic: Traffic, origin: Origin | None, differences: Differences) -> None:
    pool, outliers, balancer = traffic.pool, traffic.outliers, traffic.balancer
    if pool and (pool.max_connections is not None or pool.max_pending is not None):
        wait = "without end" if pool.max_pending is None else f"up to {pool.max_pending} of them"
        differences.differs(
            origin,
            "trafficPolicy.connectionPool",
            f"Nginx lets no request wait for a connection (Envoy: {wait}): what is above "
            f"{pool.max_connections or 'the limit'} at a time is turned away at once",
        )
    if pool and pool.max_retries is not None:
        differences.cannot(
            origin, "trafficPolicy.connectionPool.http.maxRetries", "retries at the same time are not limited"
        )
    if outliers:
        differences.differs(
            origin,
            "trafficPolicy.outlierDetection",
            "Nginx counts broken connections and timeouts, not answers of 5xx, and ejects any number of replicas",
        )
    if balancer and balancer.algorithm is Algorithm.MAGLEV:
        differences.differs(
            origin,
            "trafficPolicy.loadBalancer.consistentHash.maglev",
            "keys are spread by a ring, not by Maglev's table",
        )
    if balancer and balancer.key and balancer.key.ttl_s is not None:
        differences.cannot(
            origin,
            "trafficPolicy.loadBalancer.consistentHash.httpCookie.ttl",
            "a missing cookie is not made: its user stays with no replica",
        )

"""Clusters: the replicas of a Service or of a subset, and what holds for the connections to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.manifests.host import Host
from gonogo.mesh.envoy.form import Config, duration, typed
from gonogo.mesh.policy.balancer import Algorithm, Balancer
from gonogo.mesh.policy.outliers import Outliers
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.pool import Pool
from gonogo.mesh.policy.traffic import Traffic
from gonogo.mesh.sidecar import Endpoint, Outlet, Sidecar

__all__ = ["assignment", "cluster_name", "clusters"]

# What istiod sets where a rule is silent; Envoy's own limits are 1024 connections, pending and active requests and 3
# retries.
_UNLIMITED: Final = 2**32 - 1
_CONNECT_TIMEOUT_S: Final = 10.0
_PERCENT: Final = 100
_LB_POLICIES: Final = {
    Algorithm.ROUND_ROBIN: "ROUND_ROBIN",
    Algorithm.LEAST_REQUEST: "LEAST_REQUEST",
    Algorithm.RANDOM: "RANDOM",
    Algorithm.RING_HASH: "RING_HASH",
    Algorithm.MAGLEV: "MAGLEV",
}
_HTTP: Final = "extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster_name(host: Host, port: int, subset: str = "") -> str:
    """Return the name that Istio gives the cluster, too: ``outbound|8000|svc|iris.shadow-ab.svc.cluster.local``."""
    return f"outbound|{port}|{subset}|{host.full}"


def clusters(policy: Policy, sidecar: Sidecar) -> Iterator[tuple[Config, tuple[Endpoint, ...]]]:
    """Yield the cluster of every outlet and of each of its subsets, without endpoints, and the endpoints."""
    for outlet in sidecar.outlets:
        ruling = policy.of(outlet.host)
        yield _cluster(outlet, "", ruling.effective(outlet.port)), outlet.endpoints
        for subset in ruling.subsets:
            chosen = tuple(entry for entry in outlet.endpoints if subset.labels.items() <= entry.labels.items())
            yield _cluster(outlet, subset.name, ruling.effective(outlet.port, subset.name)), chosen


def assignment(name: str, endpoints: tuple[Endpoint, ...]) -> Config:
    """Return the ClusterLoadAssignment of the cluster called ``name``."""
    addresses = [{"address": entry.address.ip, "port_value": entry.address.port} for entry in endpoints]
    reached = [{"endpoint": {"address": {"socket_address": address}}} for address in addresses]
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": reached}] if reached else []}


def _cluster(outlet: Outlet, subset: str, traffic: Traffic) -> Config:
    pool = traffic.pool or Pool()
    timeout = _CONNECT_TIMEOUT_S if pool.connect_timeout_s is None else pool.connect_timeout_s
    return {
        "name": cluster_name(outlet.host, outlet.port, subset),
        "connect_timeout": duration(timeout),
        **_balancing(traffic.balancer or Balancer()),
        "circuit_breakers": {"thresholds": [_thresholds(pool)]},
        **_protocol(pool),
        **(_outliers(traffic.outliers) if traffic.outliers else {}),
        "metadata": {"filter_metadata": {"gonogo": {"service": str(outlet.host), "subset": subset}}},
    }


def _thresholds(pool: Pool) -> Config:
    limits = {
        "max_connections": pool.max_connections,
        "max_pending_requests": pool.max_pending,
        "max_requests": pool.max_requests,
        "max_retries": pool.max_retries,
    }
    return {name: _UNLIMITED if limit is None else limit for name, limit in limits.items()}


def _balancing(balancer: Balancer) -> Config:
    config: Config = {"lb_policy": _LB_POLICIES[balancer.algorithm]}
    if balancer.size is not None and balancer.algorithm is Algorithm.RING_HASH:
        config["ring_hash_lb_config"] = {"minimum_ring_size": balancer.size}
    if balancer.size is not None and balancer.algorithm is Algorithm.MAGLEV:
        config["maglev_lb_config"] = {"table_size": balancer.size}
    return config


def _protocol(pool: Pool) -> Config:
    options: Config = {}
    if pool.idle_timeout_s is not None:
        options["idle_timeout"] = duration(pool.idle_timeout_s)
    if pool.max_requests_per_connection is not None:
        options["max_requests_per_connection"] = pool.max_requests_per_connection
    if pool.max_connection_s is not None:
        options["max_connection_duration"] = duration(pool.max_connection_s)
    if not options:
        return {}
    explicit: Config = {"http_protocol_options": {}}
    message = typed(_HTTP, explicit_http_config=explicit, common_http_protocol_options=options)
    return {"typed_extension_protocol_options": {f"envoy.{_HTTP}": message}}


def _outliers(outliers: Outliers) -> Config:
    # Istio judges by errors in a row alone, never by success rates.
    config: Config = {"enforcing_success_rate": 0}
    for field, count in (
        ("consecutive_5xx", outliers.consecutive_5xx),
        ("consecutive_gateway_failure", outliers.consecutive_gateway),
        ("consecutive_local_origin_failure", outliers.consecutive_local),
    ):
        if count is not None:
            config[field] = count
            config[f"enforcing_{field}"] = _PERCENT if count else 0
    if outliers.split_local:
        config["split_external_local_origin_errors"] = True
        config["enforcing_local_origin_success_rate"] = 0
    if outliers.interval_s is not None:
        config["interval"] = duration(outliers.interval_s)
    if outliers.base_ejection_s is not None:
        config["base_ejection_time"] = duration(outliers.base_ejection_s)
    if outliers.max_ejection_share is not None:
        config["max_ejection_percent"] = round(outliers.max_ejection_share * _PERCENT)
    # Envoy would use ejected replicas again once fewer than half are left.
    panic = {"healthy_panic_threshold": {"value": outliers.min_healthy_share * _PERCENT}}
    return {"outlier_detection": config, "common_lb_config": panic}

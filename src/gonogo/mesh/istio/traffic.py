"""``trafficPolicy`` of a DestinationRule: connection pool, outlier detection, load balancing.

Istio takes 0 for silence in all limits: https://istio.io/latest/docs/reference/config/networking/destination-rule/
"""

from __future__ import annotations

from typing import Final

from gonogo.manifests.interval import interval
from gonogo.manifests.shape import Fields
from gonogo.mesh.policy.balancer import Algorithm, Balancer, HashKey, HashSource
from gonogo.mesh.policy.outliers import Outliers
from gonogo.mesh.policy.pool import Pool
from gonogo.mesh.policy.ruling import PortTraffic
from gonogo.mesh.policy.traffic import Traffic

__all__ = ["seconds", "traffic", "traffic_by_port"]

_ALGORITHMS: Final = {
    "ROUND_ROBIN": Algorithm.ROUND_ROBIN,
    "RANDOM": Algorithm.RANDOM,
}
_RING: Final = 1024
_PERCENT: Final = 100


def traffic(fields: Fields) -> Traffic:
    """Return what ``fields`` of a trafficPolicy, or of one of its portLevelSettings, say."""
    return Traffic(
        pool=_pool(fields["connectionPool"]) if "connectionPool" in fields else None,
        outliers=_outliers(fields["outlierDetection"]) if "outlierDetection" in fields else None,
        balancer=_balancer(fields["loadBalancer"]) if "loadBalancer" in fields else None,
    )


def traffic_by_port(fields: Fields) -> PortTraffic:
    """Return what the portLevelSettings of a trafficPolicy say."""
    settings = [entry for entry in fields.get("portLevelSettings", ()) if "number" in entry.get("port", {})]
    return {entry["port"]["number"]: traffic(entry) for entry in settings}


def seconds(fields: Fields, name: str) -> float | None:
    """Return the duration in field ``name``; None when there is none."""
    return interval(fields[name]) if name in fields else None


def _pool(fields: Fields) -> Pool:
    tcp, http = fields.get("tcp", {}), fields.get("http", {})
    idle = seconds(http, "idleTimeout")
    return Pool(
        max_connections=tcp.get("maxConnections") or None,
        max_pending=http.get("http1MaxPendingRequests") or None,
        max_requests=http.get("http2MaxRequests") or None,
        max_retries=http.get("maxRetries") or None,
        max_requests_per_connection=http.get("maxRequestsPerConnection") or None,
        connect_timeout_s=seconds(tcp, "connectTimeout"),
        idle_timeout_s=seconds(tcp, "idleTimeout") if idle is None else idle,
        max_connection_s=seconds(tcp, "maxConnectionDuration"),
    )


def _outliers(fields: Fields) -> Outliers:
    # consecutiveErrors is not here: istiod ignores it, and a finding says so.
    percent = fields.get("maxEjectionPercent")
    split = fields.get("splitExternalLocalOriginErrors", False)
    return Outliers(
        consecutive_5xx=fields.get("consecutive5xxErrors"),
        consecutive_gateway=fields.get("consecutiveGatewayErrors"),
        consecutive_local=(fields.get("consecutiveLocalOriginFailures") or None) if split else None,
        split_local=split,
        interval_s=seconds(fields, "interval"),
        base_ejection_s=seconds(fields, "baseEjectionTime"),
        max_ejection_share=percent / _PERCENT if percent else None,
        min_healthy_share=fields.get("minHealthPercent", 0) / _PERCENT,
    )


def _balancer(fields: Fields) -> Balancer:
    hashed = fields.get("consistentHash")
    key = _key(hashed) if hashed else None
    if hashed is None or key is None:
        return Balancer(_ALGORITHMS.get(fields.get("simple", ""), Algorithm.LEAST_REQUEST))
    if "maglev" in hashed:
        return Balancer(Algorithm.MAGLEV, key, hashed["maglev"].get("tableSize") or None)
    if "ringHash" in hashed:
        return Balancer(Algorithm.RING_HASH, key, hashed["ringHash"].get("minimumRingSize") or None)
    return Balancer(Algorithm.RING_HASH, key, hashed.get("minimumRingSize") or _RING)


def _key(fields: Fields) -> HashKey | None:
    if fields.get("httpHeaderName"):
        return HashKey(HashSource.HEADER, fields["httpHeaderName"])
    cookie = fields.get("httpCookie", {})
    if cookie.get("name"):
        return HashKey(HashSource.COOKIE, cookie["name"], seconds(cookie, "ttl"), cookie.get("path", ""))
    if fields.get("useSourceIp"):
        return HashKey(HashSource.ADDRESS)
    if fields.get("httpQueryParameterName"):
        return HashKey(HashSource.QUERY, fields["httpQueryParameterName"])
    return None

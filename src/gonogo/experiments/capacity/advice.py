"""The breaker's limits that follow from a capacity, as text ready to paste."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import yaml

from gonogo.errors import UsageError
from gonogo.manifests.host import Host

__all__ = ["Limits", "destination_rule", "limits_for", "nginx_directives"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one client's breaker.

    Attributes:
        max_connections: to all replicas together, which for HTTP/1.1 is requests at once.
        max_pending: requests that may wait for a connection.
    """

    max_connections: int
    max_pending: int

    def __post_init__(self) -> None:
        if self.max_connections < 1 or self.max_pending < 1:
            raise UsageError(f"limits of {self.max_connections} and {self.max_pending}", mend="give 1 or more")

    def without_queue(self) -> Limits:
        """The limits for a proxy that has no queue before its connections: what would wait is let through."""
        return Limits(self.max_connections + self.max_pending, self.max_pending)


def limits_for(*, in_flight: float, latency_s: float, limit_s: float | None, rate: float, clients: int = 1) -> Limits:
    """Return the limits for a service that shall be kept at ``rate``.

    As many connections as it had requests at once at that rate, in all but one part in a thousand of the time; and as
    many waiting requests as it works off in half of the time that the latency limit leaves. Each client has a sidecar
    of its own, so that the limits are shared out.

    Args:
        in_flight: requests at once at ``rate``.
        latency_s: the latency there that the limit speaks of.
        limit_s: the tightest latency limit; None when there is none: one request may wait for each connection.
        rate: requests per second.
        clients: sidecars that send to the service.
    """
    connections = max(1, math.ceil(in_flight / clients))
    spare_s = max(0.0, limit_s - latency_s) if limit_s is not None else None
    # Half of what is left: the other half is for the queue that the service itself has.
    pending = connections if spare_s is None else math.floor(spare_s * rate / 2 / clients)
    return Limits(connections, max(1, min(pending, connections)))


def destination_rule(host: Host, limits: Limits) -> str:
    """Return ``limits`` as an Istio DestinationRule."""
    rule = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": host.name, "namespace": host.namespace},
        "spec": {
            "host": f"{host.name}.{host.namespace}.svc.cluster.local",
            "trafficPolicy": {
                "connectionPool": {
                    "tcp": {"maxConnections": limits.max_connections},
                    "http": {"http1MaxPendingRequests": limits.max_pending},
                }
            },
        },
    }
    return yaml.safe_dump(rule, sort_keys=False)


def nginx_directives(host: Host, limits: Limits) -> str:
    """Return ``limits`` as directives for the ``http`` and ``location`` of an Nginx.

    Nginx has no queue before a limit of connections (that of the commercial edition aside), so that what would wait is
    let through (``ngx_http_limit_conn_module``).
    """
    zone = re.sub(r"\W", "_", f"{host.namespace}_{host.name}")
    return (
        "# in http {}\n"
        f'map "" ${zone} {{ default {zone}; }}\n'
        f"limit_conn_zone ${zone} zone={zone}:64k;\n"
        "limit_conn_status 503;\n"
        "# in the location that passes to the service\n"
        f"limit_conn {zone} {limits.without_queue().max_connections};\n"
    )

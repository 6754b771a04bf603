"""Limits of the connections to a Service, beyond which requests are turned away: the circuit breaker."""

from __future__ import annotations

from dataclasses import dataclass, fields

from gonogo.errors import UsageError

__all__ = ["Pool"]


@dataclass(frozen=True, slots=True)
class Pool:
    """Limits of one client's connections to a destination; None is no limit.

    Attributes:
        max_connections: to all replicas together.
        max_pending: requests that wait for a connection; what is more is answered with 503 at once.
        max_requests: requests at the same time, waiting ones included.
        max_retries: retries at the same time.
        max_requests_per_connection: after which a connection is closed.
        connect_timeout_s: None is Istio's 10 s.
        idle_timeout_s: after which a connection without a request is closed; None is Envoy's hour, 0 is never.
        max_connection_s: age at which a connection is closed.
    """

    max_connections: int | None = None
    max_pending: int | None = None
    max_requests: int | None = None
    max_retries: int | None = None
    max_requests_per_connection: int | None = None
    connect_timeout_s: float | None = None
    idle_timeout_s: float | None = None
    max_connection_s: float | None = None

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value is not None and value < 0:
                raise UsageError(f"{entry.name} is {value}, below 0", mend="give 0 or more, or None for no limit")

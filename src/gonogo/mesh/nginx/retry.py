"""Retries: ``proxy_next_upstream``, which tries another replica."""

from __future__ import annotations

from typing import Final

from gonogo.mesh.nginx.difference import Differences
from gonogo.mesh.nginx.form import seconds
from gonogo.mesh.policy.action import Forward, Retries
from gonogo.mesh.policy.origin import Origin

__all__ = ["retries"]

_CONDITIONS: Final = {
    "5xx": ("error", "timeout", "http_500", "http_502", "http_503", "http_504"),
    "gateway-error": ("http_502", "http_503", "http_504"),
    "connect-failure": ("error",),
    "reset": ("error",),
    "refused-stream": ("error",),
    # Answers of gRPC and a list of statuses that the client sends: nothing of plain HTTP.
    "unavailable": (),
    "cancelled": (),
    "retriable-status-codes": (),
}
_STATUSES: Final = frozenset({403, 404, 429, 500, 502, 503, 504})
_NEVER: Final = "1d"


def retries(forward: Forward, origin: Origin | None, differences: Differences) -> list[str]:
    """Return the directives for retries and timeouts of a route."""
    given = forward.retries if forward.retries is not None else Retries()
    limit = forward.timeout_s or None
    each = given.per_try_timeout_s or limit
    lines = [f"proxy_read_timeout {seconds(each) if each else _NEVER};", f"proxy_send_timeout {_NEVER};"]
    if limit:
        lines.append(f"proxy_next_upstream_timeout {seconds(limit)};")
        differences.differs(
            origin, "timeout", "Nginx limits each pause between two parts of the answer, not the time of the whole"
        )
    if not given.attempts:
        return [*lines, "proxy_next_upstream off;"]
    conditions: list[str] = []
    for word in given.on or ("connect-failure",):
        if word not in _CONDITIONS:
            differences.cannot(origin, "retries.retryOn", f"Nginx does not retry on {word}")
        conditions += _CONDITIONS.get(word, ())
    for status in given.statuses:
        if status in _STATUSES:
            conditions.append(f"http_{status}")
        else:
            differences.cannot(origin, "retries.retryOn", f"Nginx does not retry answers of {status}")
    if forward.retries is not None:
        conditions.append("non_idempotent")
        differences.differs(origin, "retries", "Nginx retries at another replica only, and each of them once")
    listed = " ".join(dict.fromkeys(conditions)) or "off"
    return [*lines, f"proxy_next_upstream {listed};", f"proxy_next_upstream_tries {given.attempts + 1};"]

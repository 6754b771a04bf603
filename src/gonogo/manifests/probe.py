"""Probes, with Kubernetes' defaults."""

from __future__ import annotations

from typing import Final

from gonogo.manifests.findings import Severity
from gonogo.manifests.fit import FIELD_VALUE
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.shape import Fields
from gonogo.manifests.topology import Exec, HttpGet, Probe, TcpSocket

__all__ = ["RULES", "probe"]

PROBE_HANDLER: Final = Rule("probe-handler", Severity.ERROR, "a probe has no handler, or more than one")
PROBE_GRPC: Final = Rule("probe-grpc", Severity.WARNING, "a gRPC probe only asks whether the port answers")
RULES: Final = (PROBE_HANDLER, PROBE_GRPC)

_HANDLERS: Final = ("httpGet", "tcpSocket", "exec", "grpc")


def probe(container: Fields, field: str, place: Place) -> Probe | None:
    """Return the probe in ``field`` of ``container``; None when there is none, or none that can run."""
    if field not in container:
        return None
    fields, here = container[field], place / field
    action = _action(fields, here)
    if action is None:
        return None
    successes = fields.get("successThreshold") or 1
    if successes != 1 and field != "readinessProbe":
        (here / "successThreshold").report(FIELD_VALUE, f"Kubernetes allows only 1 in a {field}", "write 1")
    return Probe(
        action=action,
        initial_delay_s=float(fields.get("initialDelaySeconds", 0)),
        # Kubernetes sets its default for 0, too.
        period_s=float(fields.get("periodSeconds") or 10),
        timeout_s=float(fields.get("timeoutSeconds") or 1),
        success_threshold=successes,
        failure_threshold=fields.get("failureThreshold") or 3,
    )


def _action(fields: Fields, place: Place) -> HttpGet | TcpSocket | Exec | None:
    given = [name for name in _HANDLERS if name in fields]
    if len(given) != 1:
        place.report(
            PROBE_HANDLER,
            f"the probe has {len(given)} handlers: Kubernetes refuses the object",
            f"give exactly one of {', '.join(_HANDLERS)}",
        )
        return None
    handler, here = fields[given[0]], place / given[0]
    if given[0] == "exec":
        return Exec(handler["command"]) if handler.get("command") else None
    port = handler.get("port")
    if port is None:
        return None  # the fit has reported it
    if given[0] == "grpc":
        here.report(
            PROBE_GRPC,
            "the health service is not asked: the probe holds as soon as the port accepts connections",
            "use httpGet where the server offers it, or judge health on a cluster",
        )
    if given[0] != "httpGet":
        return TcpSocket(port)
    headers = tuple((entry.get("name", ""), entry.get("value", "")) for entry in handler.get("httpHeaders", ()))
    return HttpGet(handler.get("path") or "/", port, handler.get("scheme", "HTTP"), headers)

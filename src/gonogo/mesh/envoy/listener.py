"""Listeners: one for each port of each Service, and what is recorded of every request."""

from __future__ import annotations

from typing import Final

from gonogo.mesh.envoy.cluster import cluster_name
from gonogo.mesh.envoy.form import Config, typed
from gonogo.mesh.envoy.overflow import overflow_script
from gonogo.mesh.envoy.route import route_name
from gonogo.mesh.policy.destination import Destination
from gonogo.mesh.policy.rejection import Rejection
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.sidecar import Address, Outlet, Sidecar

__all__ = ["MANAGER", "listener", "local_reply", "socket_address"]

MANAGER: Final = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"

# Flags tell who refused a request: UO the breaker, UH no healthy replica, UF a broken connection, UT a timeout, URX
# retries used up, FI and DI injected faults, NR no route, NC no such destination; none for the service's own answer.
_RECORD: Final = {
    "time": "%START_TIME%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "authority": "%REQ(:AUTHORITY)%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "route": "%ROUTE_NAME%",
    "cluster": "%UPSTREAM_CLUSTER_RAW%",
    "service": "%METADATA(CLUSTER:gonogo:service)%",
    "subset": "%METADATA(CLUSTER:gonogo:subset)%",
    "upstream": "%UPSTREAM_HOST%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "duration_ms": "%DURATION%",
    "bytes_in": "%BYTES_RECEIVED%",
    "bytes_out": "%BYTES_SENT%",
}


def listener(sidecar: Sidecar, outlet: Outlet, at: Address, routes: Config, ruling: Ruling) -> Config:
    """Return the Listener of ``outlet`` at ``at``; ``routes`` is ``route_config`` or ``rds`` of its manager."""
    manager = typed(
        MANAGER,
        stat_prefix=f"outbound_{at.ip}_{at.port}",
        **routes,
        http_filters=[
            *_overflow(sidecar, ruling.overflow),
            _filter("envoy.filters.http.fault", "extensions.filters.http.fault.v3.HTTPFault"),
            _filter("envoy.filters.http.router", "extensions.filters.http.router.v3.Router"),
        ],
        # The route's timeout is the limit; Envoy's own 5 minutes without a byte would be a second one.
        stream_idle_timeout="0s",
        normalize_path=True,
        **_access_log(sidecar),
        **(local_reply(ruling.rejection) if ruling.rejection else {}),
    )
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": route_name(outlet), "address": {"socket_address": socket_address(at)}, "filter_chains": [chain]}


def socket_address(at: Address) -> Config:
    """Return ``at`` as a SocketAddress."""
    return {"address": at.ip, "port_value": at.port}


def _filter(name: str, message: str) -> Config:
    return {"name": name, "typed_config": typed(message)}


def _access_log(sidecar: Sidecar) -> Config:
    if not sidecar.access_log:
        return {}
    written = typed(
        "extensions.access_loggers.file.v3.FileAccessLog",
        path=sidecar.access_log,
        log_format={"json_format": dict(_RECORD)},
    )
    return {"access_log": [{"name": "envoy.access_loggers.file", "typed_config": written}]}


def _overflow(sidecar: Sidecar, to: Destination | None) -> list[Config]:
    """Return the filter that sends on what the breaker turns away; none where nothing takes it."""
    outlet = sidecar.outlet(to.host, to.port, 0) if to else None
    if outlet is None:
        return []
    script = overflow_script(cluster_name(outlet.host, outlet.port), f"{outlet.host.full}:{outlet.port}")
    config = typed("extensions.filters.http.lua.v3.Lua", default_source_code={"inline_string": script})
    return [{"name": "envoy.filters.http.lua", "typed_config": config}]


def local_reply(rejection: Rejection, further: Config | None = None) -> Config:
    """Return what has a manager answer ``rejection`` when the breaker turns a request away.

    Args:
        rejection: the answer.
        further: an access log filter that must hold, too.
    """
    turned_away: Config = {"response_flag_filter": {"flags": ["UO"]}}
    mapper: Config = {
        "filter": {"and_filter": {"filters": [turned_away, further]}} if further else turned_away,
        "status_code": rejection.status,
        "body": {"inline_string": rejection.body},
        "body_format_override": {
            "text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"},
            "content_type": rejection.content_type,
        },
    }
    if rejection.retry_after_s is not None:
        header = {"key": "retry-after", "value": str(rejection.retry_after_s)}
        mapper["headers_to_add"] = [{"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]
    return {"local_reply_config": {"mappers": [mapper]}}

"""The whole configuration file."""

from __future__ import annotations

from typing import Final

from gonogo.manifests.findings import Finding
from gonogo.mesh.nginx.condition import PATH, Conditions
from gonogo.mesh.nginx.difference import Differences
from gonogo.mesh.nginx.form import DOLLAR, block, quoted, seconds
from gonogo.mesh.nginx.server import Server
from gonogo.mesh.nginx.upstream import upstreams
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Sidecar

__all__ = ["CONFIGURATION", "configuration"]

CONFIGURATION: Final = "nginx.conf"
"""The name of the file."""

_KEPT_S: Final = 0.2
_REQUEST_ID: Final = (
    'map $http_x_request_id $gonogo_request_id {\n    "" $request_id;\n    default $http_x_request_id;\n}'
)
# The words of Envoy's response flags: UO for the breaker, NR for no route, UH for no replica.
_FLAGS: Final = (
    'map "$limit_conn_status:$gonogo_unrouted:$gonogo_unhealthy" $gonogo_flags {\n    "~^REJECTED:" UO;\n'
    '    "~:1:0$" NR;\n    "~:1$" UH;\n'
    '    default "-";\n}'
)
_RECORD: Final = {
    "time": "$time_iso8601",
    "request_id": "$gonogo_request_id",
    "method": "$request_method",
    "path": "$request_uri",
    "authority": "$http_host",
    "status": "#$status",
    "flags": "$gonogo_flags",
    "route": "$gonogo_route",
    "service": "$gonogo_service",
    "subset": "$gonogo_subset",
    "upstream": "$upstream_addr",
    "duration_s": "#$request_time",
    "bytes_in": "#$request_length",
    "bytes_out": "#$body_bytes_sent",
}


def configuration(policy: Policy, sidecar: Sidecar) -> tuple[str, tuple[Finding, ...]]:
    """Return the configuration, and what of the policy it does not say."""
    differences = Differences()
    conditions = Conditions(differences)
    reached = upstreams(policy, sidecar, differences)
    servers = [
        Server(policy, sidecar, outlet, number=i, upstreams=reached, conditions=conditions).text(outlet.listen)
        for i, outlet in enumerate(sidecar.outlets)
        if outlet.listen
    ]
    parts = [
        *_log(sidecar),
        # No file is ever served: requests are told apart by try_files, which must find nothing and say nothing.
        "root /.gonogo;",
        "server_tokens off;",
        "client_max_body_size 0;",
        "client_body_buffer_size 1m;",
        # Connections that clients keep open outlive a reload until they have been idle so long: no request is lost.
        f"keepalive_min_timeout {seconds(_KEPT_S)};",
        "keepalive_requests 1000000;",
        "limit_conn_status 503;",
        "limit_conn_log_level info;",
        DOLLAR,
        PATH,
        _REQUEST_ID,
        _FLAGS,
        *(entry.text for entry in reached if entry.text),
        *conditions.maps,
        *servers,
    ]
    head = [
        f"worker_processes {sidecar.workers};",
        "pid nginx.pid;",
        "error_log stderr warn;",
        block("events", ["worker_connections 8192;"]),
    ]
    return "\n".join([*head, block("http", parts)]) + "\n", tuple(differences.findings)


def _log(sidecar: Sidecar) -> list[str]:
    if not sidecar.access_log:
        return ["access_log off;"]
    fields = [f'"{name}": {_value(variable)}' for name, variable in _RECORD.items()]
    written = "{" + ", ".join(fields) + "}"
    return [f"log_format gonogo escape=json '{written}';", f"access_log {quoted(sidecar.access_log)} gonogo;"]


def _value(variable: str) -> str:
    return variable[1:] if variable.startswith("#") else f'"{variable}"'

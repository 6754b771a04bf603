"""The configuration of a capturing Envoy (API v3), as files that it follows while it runs.

Bodies pass chunk by chunk; a Lua filter keeps a bounded part of each as dynamic metadata, and the access log writes it.
Envoy's access log is written by a thread of its own from a buffer in memory, so that a slow or full disk delays no
request.

Reference: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/lua_filter and
https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gonogo.capture.inlet import Inlet, Scope
from gonogo.mesh.envoy.form import Config, text, typed
from gonogo.mesh.sidecar import Address

__all__ = ["BOOTSTRAP", "bootstrap", "listeners"]

BOOTSTRAP: Final = "envoy.yaml"
CLUSTERS: Final = "clusters.yaml"
LISTENERS: Final = "listeners.yaml"

_NAMESPACE: Final = "gonogo.capture"
_UNLIMITED: Final = 2**32 - 1
_LUA: Final = """\
local MOST = {most}
local function keep(handle, name)
  local parts, kept, size = {{}}, 0, 0
  for chunk in handle:bodyChunks() do
    local length = chunk:length()
    if kept < MOST and length > 0 then
      local taken = math.min(length, MOST - kept)
      parts[#parts + 1] = chunk:getBytes(0, taken)
      kept = kept + taken
    end
    size = size + length
  end
  local metadata = handle:streamInfo():dynamicMetadata()
  metadata:set("{namespace}", name, handle:base64Escape(table.concat(parts)))
  metadata:set("{namespace}", name .. "_bytes", size)
end
function envoy_on_request(handle) keep(handle, "request") end
function envoy_on_response(handle) keep(handle, "answer") end
"""


def bootstrap(folder: str, admin: str, name: str) -> str:
    """Return the file to start Envoy with.

    Args:
        folder: where the files of :func:`listeners` are.
        admin: path of the unix socket of its administration.
        name: what it calls itself.
    """
    source = {"path_config_source": {"path": f"{folder}/{LISTENERS}"}, "resource_api_version": "V3"}
    clusters = {"path_config_source": {"path": f"{folder}/{CLUSTERS}"}, "resource_api_version": "V3"}
    return text(
        {
            "node": {"id": name, "cluster": name},
            "admin": {"address": {"pipe": {"path": admin, "mode": 0o600}}},
            "dynamic_resources": {"lds_config": source, "cds_config": clusters},
        }
    )


def listeners(inlets: Sequence[Inlet], log: str, scope: Scope) -> Mapping[str, str]:
    """Return the files that change with the replicas, in the order in which they must be replaced.

    Args:
        inlets: the replicas.
        log: file that gets a line when a request begins and another when it is over.
        scope: what of a request is kept.
    """
    return {
        CLUSTERS: _resources(
            "config.cluster.v3.Cluster", [_cluster(replica) for replica in sorted({inlet.replica for inlet in inlets})]
        ),
        LISTENERS: _resources("config.listener.v3.Listener", [_listener(inlet, log, scope) for inlet in inlets]),
    }


def _cluster(replica: Address) -> Config:
    limits = ("max_connections", "max_pending_requests", "max_requests", "max_retries")
    address = {"address": replica.ip, "port_value": replica.port}
    endpoint = {"endpoint": {"address": {"socket_address": address}}}
    return {
        "name": str(replica),
        "type": "STATIC",
        "connect_timeout": "10s",
        "circuit_breakers": {"thresholds": [dict.fromkeys(limits, _UNLIMITED)]},
        "load_assignment": {"cluster_name": str(replica), "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _listener(inlet: Inlet, log: str, scope: Scope) -> Config:
    replica = str(inlet.replica)
    route = {"match": {"prefix": "/"}, "route": {"cluster": replica, "timeout": "0s"}}
    code = _LUA.format(most=scope.kept_bytes, namespace=_NAMESPACE)
    manager = typed(
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="inlet",
        route_config={"virtual_hosts": [{"name": "replica", "domains": ["*"], "routes": [route]}]},
        http_filters=[
            _filter("lua", "extensions.filters.http.lua.v3.Lua", default_source_code={"inline_string": code}),
            _filter("router", "extensions.filters.http.router.v3.Router", suppress_envoy_headers=True),
        ],
        # What the replica gets and says is left as it is.
        preserve_external_request_id=True,
        skip_xff_append=True,
        server_header_transformation="PASS_THROUGH",
        stream_idle_timeout="0s",
        access_log_options={"flush_access_log_on_new_request": True},
        access_log=[
            _log("DownstreamStart", log, _begun(replica)),
            _log("DownstreamEnd", log, _ended(replica, scope)),
        ],
    )
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    address = {"address": inlet.listen.ip, "port_value": inlet.listen.port}
    return {"name": str(inlet.listen), "address": {"socket_address": address}, "filter_chains": [chain]}


def _begun(replica: str) -> Config:
    return {"event": "begun", "replica": replica, "request_id": "%REQ(X-REQUEST-ID)%", "time": "%START_TIME(%s.%6f)%"}


def _ended(replica: str, scope: Scope) -> Config:
    def kept(name: str) -> str:
        return f"%DYNAMIC_METADATA({_NAMESPACE}:{name})%"

    return {
        **_begun(replica),
        "event": "ended",
        "method": "%REQ(:METHOD)%",
        "path": "%REQ(:PATH)%",
        "status": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "latency_us": "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
        "request": kept("request"),
        "request_bytes": kept("request_bytes"),
        "answer": kept("answer"),
        "answer_bytes": kept("answer_bytes"),
        "headers": {column: f"%REQ({header})%" for column, header in scope.headers},
    }


def _log(kind: str, file: str, line: Config) -> Config:
    written = typed("extensions.access_loggers.file.v3.FileAccessLog", path=file, log_format={"json_format": line})
    return {
        "name": "envoy.access_loggers.file",
        "filter": {"log_type_filter": {"types": [kind]}},
        "typed_config": written,
    }


def _filter(name: str, message: str, /, **fields: Any) -> Config:  # noqa: ANN401 - a message holds anything
    return {"name": f"envoy.filters.http.{name}", "typed_config": typed(message, **fields)}


def _resources(message: str, entries: Sequence[Config]) -> str:
    return text({"resources": [typed(message, **entry) for entry in entries]})

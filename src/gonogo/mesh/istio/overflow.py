"""What the breaker turns away, sent on under Istio: a Lua filter in the client's Envoy, with a script for one Service.

The filter itself has no script; the virtual host of the Service gives it one, so that other Services at the same port
go on without.
"""

from __future__ import annotations

from gonogo.mesh.envoy.cluster import cluster_name
from gonogo.mesh.envoy.form import Config, typed
from gonogo.mesh.envoy.overflow import overflow_script
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.sidecar import Sidecar

__all__ = ["overflow_patches"]

_LUA = "extensions.filters.http.lua.v3"


def overflow_patches(ruling: Ruling, port: int, sidecar: Sidecar) -> list[Config]:
    """Return the patches that send on what the breaker of ``ruling`` turns away at ``port``; none without a taker."""
    to = ruling.overflow
    outlet = sidecar.outlet(to.host, to.port, 0) if to else None
    if outlet is None:
        return []
    # A name of its own: filters of two Services at one port must not take each other's scripts.
    name = f"gonogo.overflow.{ruling.host.namespace}.{ruling.host.name}"
    router = {
        "name": "envoy.filters.network.http_connection_manager",
        "subFilter": {"name": "envoy.filters.http.router"},
    }
    script = overflow_script(cluster_name(outlet.host, outlet.port), f"{outlet.host.full}:{outlet.port}")
    own = {name: typed(f"{_LUA}.LuaPerRoute", source_code={"inline_string": script})}
    return [
        {
            "applyTo": "HTTP_FILTER",
            "match": {
                "context": "SIDECAR_OUTBOUND",
                "listener": {"portNumber": port, "filterChain": {"filter": router}},
            },
            "patch": {"operation": "INSERT_BEFORE", "value": {"name": name, "typed_config": typed(f"{_LUA}.Lua")}},
        },
        {
            "applyTo": "VIRTUAL_HOST",
            "match": {
                "context": "SIDECAR_OUTBOUND",
                "routeConfiguration": {"vhost": {"name": f"{ruling.host.full}:{port}"}},
            },
            "patch": {"operation": "MERGE", "value": {"typed_per_filter_config": own}},
        },
    ]

"""The breaker's own answer under Istio: a local reply in the client's Envoy, for one Service.

Under Istio the Services of one port share a listener, and so its local replies: this one is for requests to the
Service's names alone.
"""

from __future__ import annotations

import re

from gonogo.manifests.host import Host
from gonogo.mesh.envoy.form import Config, typed
from gonogo.mesh.envoy.listener import MANAGER, local_reply
from gonogo.mesh.policy.ruling import Ruling

__all__ = ["authorities", "rejection_patches"]


def rejection_patches(ruling: Ruling, port: int) -> list[Config]:
    """Return the patch that has the breaker of ``ruling`` answer at ``port`` as it declares; none without one."""
    if ruling.rejection is None:
        return []
    manager = {"name": "envoy.filters.network.http_connection_manager"}
    where = {"context": "SIDECAR_OUTBOUND", "listener": {"portNumber": port, "filterChain": {"filter": manager}}}
    named = {"header_filter": {"header": {"name": ":authority", "string_match": authorities(ruling.host, port)}}}
    merged = {"typed_config": typed(MANAGER, **local_reply(ruling.rejection, named))}
    patch = {"operation": "MERGE", "value": merged}
    return [{"applyTo": "NETWORK_FILTER", "match": where, "patch": patch}]


def authorities(host: Host, port: int) -> Config:
    """Return what matches every name, with and without the port, by which clients of its namespace call ``host``."""
    name, rest = re.escape(host.name), re.escape(f".{host.namespace}")
    return {"safe_regex": {"regex": rf"{name}({rest}(\.svc(\.cluster\.local)?)?)?(:{port})?"}}

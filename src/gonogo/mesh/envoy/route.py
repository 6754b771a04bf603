"""Routes in Envoy's words: one for each match, in order."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final

from gonogo.manifests.host import Host
from gonogo.mesh.envoy.cluster import cluster_name
from gonogo.mesh.envoy.form import Config, duration, millionths, typed
from gonogo.mesh.envoy.match import route_match
from gonogo.mesh.envoy.retry import retry_policy
from gonogo.mesh.policy.action import Answer, Forward, Redirect, Rewrite
from gonogo.mesh.policy.balancer import HashKey, HashSource
from gonogo.mesh.policy.destination import Destination
from gonogo.mesh.policy.header import HeaderChange
from gonogo.mesh.policy.match import Kind, Match
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.route import Fault, Route
from gonogo.mesh.sidecar import Outlet, Sidecar

__all__ = ["route_configuration", "route_name", "sticky_policy"]

_FAULT: Final = "envoy.filters.http.fault"
_CODES: Final = {
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}
_OWN_PORTS: Final = {"http": 80, "https": 443}


def route_name(outlet: Outlet) -> str:
    """Return the name of the routes at ``outlet``."""
    return f"{outlet.host.full}:{outlet.port}"


def route_configuration(policy: Policy, sidecar: Sidecar, outlet: Outlet) -> Config:
    """Return the RouteConfiguration for requests that arrive at ``outlet``."""
    ruled = policy.of(outlet.host).routes_at(outlet.port)
    routes = [entry for route in ruled for entry in _Route(policy, sidecar, outlet, route).each()]
    return {
        "name": route_name(outlet),
        "virtual_hosts": [{"name": outlet.host.full, "domains": ["*"], "routes": routes}],
        # A destination without a cluster answers 503, and the other routes stand.
        "validate_clusters": False,
    }


def sticky_policy(key: HashKey) -> Config:
    """Return the HashPolicy by which a destination is chosen: where it has a value, no other policy is asked."""
    return {**_hashed(key), "terminal": True}


class _Route:
    """One route at one outlet."""

    def __init__(self, policy: Policy, sidecar: Sidecar, outlet: Outlet, route: Route) -> None:
        self.policy = policy
        self.sidecar = sidecar
        self.outlet = outlet
        self.route = route

    def each(self) -> Iterator[Config]:
        """Yield the route for each of its matches that can hold at this port."""
        for match in self.route.matches or (Match(),):
            if match.port is None or match.port == self.outlet.port:
                yield self._matched(match)

    def _matched(self, match: Match) -> Config:
        route = self.route
        config: Config = {}
        name = ".".join(part for part in (route.name, match.name) if part)
        if name:
            config["name"] = name
        config["match"] = route_match(match)
        request, response = route.request, route.response
        match route.action:
            case Forward() as forward:
                config["route"] = self._forward(forward, match)
                if len(forward.to) == 1:
                    request = request.then(forward.to[0].request)
                    response = response.then(forward.to[0].response)
            case Redirect() as redirect:
                config["redirect"] = self._redirect(redirect)
            case Answer() as answer:
                config["direct_response"] = _answer(answer)
        if route.fault:
            config["typed_per_filter_config"] = {_FAULT: _fault(route.fault)}
        return {**config, **_changes(request, response)}

    def _forward(self, forward: Forward, match: Match) -> Config:
        config = self._clusters(forward)
        authority = self.route.request.authority
        if forward.rewrite:
            config |= _rewrite(forward.rewrite, match)
            authority = forward.rewrite.authority or authority
        if len(forward.to) == 1:
            authority = authority or forward.to[0].request.authority
        if authority:
            config["host_rewrite_literal"] = authority
        config["timeout"] = duration(forward.timeout_s or 0)
        hashed = self._hash_policy(forward)
        # istiod lets the retries of a Service without a VirtualService leave the hashed replica.
        ruled = self.policy.of(self.outlet.host).routes is not None
        retries = retry_policy(forward.retries, hashed=bool(hashed) and len(forward.to) == 1 and ruled)
        if retries:
            config["retry_policy"] = retries
        if hashed:
            config["hash_policy"] = hashed
        if forward.mirrors:
            config["request_mirror_policies"] = [
                {
                    "cluster": self._cluster(mirror.destination),
                    "runtime_fraction": {"default_value": millionths(mirror.share)},
                    "trace_sampled": False,
                    "disable_shadow_host_suffix_append": True,
                }
                for mirror in forward.mirrors
            ]
        return config

    def _clusters(self, forward: Forward) -> Config:
        if len(forward.to) == 1:
            return {"cluster": self._cluster(forward.to[0].destination)}
        weighted = []
        for entry in forward.to:
            if entry.weight:
                config: Config = {"name": self._cluster(entry.destination), "weight": entry.weight}
                if entry.request.authority:
                    config["host_rewrite_literal"] = entry.request.authority
                weighted.append({**config, **_changes(entry.request, entry.response)})
        # The clusters divide the hashes in their order: where weights of a whole of 100 change, only those users move
        # whose part of the hashes changed hands (envoy.config.route.v3.WeightedCluster.use_hash_policy).
        sticky = {"use_hash_policy": True} if forward.sticky else {}
        return {"weighted_clusters": {"clusters": weighted, **sticky}}

    def _cluster(self, destination: Destination) -> str:
        host, port = self._at(destination)
        return cluster_name(host, port, destination.subset)

    def _at(self, destination: Destination) -> tuple[Host, int]:
        outlet = self.sidecar.outlet(destination.host, destination.port, self.outlet.port)
        return destination.host, outlet.port if outlet else destination.port or self.outlet.port

    def _hash_policy(self, forward: Forward) -> list[Config]:
        found = [sticky_policy(forward.sticky)] if forward.sticky and len(forward.to) > 1 else []
        for entry in forward.to:
            if entry.weight or len(forward.to) == 1:
                host, port = self._at(entry.destination)
                balancer = self.policy.of(host).effective(port, entry.destination.subset).balancer
                if balancer and balancer.key:
                    found.append(_hashed(balancer.key))
        return found

    def _redirect(self, redirect: Redirect) -> Config:
        config: Config = {}
        if redirect.authority:
            config["host_redirect"] = redirect.authority
        if redirect.prefix is not None:
            config["prefix_rewrite"] = redirect.prefix
        elif redirect.path is not None:
            config["path_redirect"] = redirect.path
        if redirect.scheme:
            config["scheme_redirect"] = redirect.scheme
        port = self.outlet.port if redirect.keep_port else redirect.port
        if port and port != _OWN_PORTS[redirect.scheme or "http"]:
            config["port_redirect"] = port
        if redirect.status in _CODES:
            config["response_code"] = _CODES[redirect.status]
        return config


def _rewrite(rewrite: Rewrite, match: Match) -> Config:
    if rewrite.pattern:
        return _replaced(rewrite.pattern, rewrite.substitution)
    if rewrite.full is not None:
        return _replaced("/.*", rewrite.full.replace("\\", "\\\\"))
    if rewrite.prefix is None:
        return {}
    uri = match.uri
    if rewrite.prefix == "/" and uri and uri.kind is Kind.SEGMENTS and uri.value != "/":
        # Replaced by a slash, /v1/predict would become //predict.
        return _replaced(f"^{re.escape(uri.value)}(/?)(.*)", r"/\2")
    return {"prefix_rewrite": rewrite.prefix}


def _replaced(pattern: str, substitution: str) -> Config:
    return {"regex_rewrite": {"pattern": {"regex": pattern}, "substitution": substitution}}


def _answer(answer: Answer) -> Config:
    config: Config = {"status": answer.status}
    if answer.body:
        try:
            config["body"] = {"inline_string": answer.body.decode()}
        except UnicodeDecodeError:
            config["body"] = {"inline_bytes": base64.b64encode(answer.body).decode()}
    return config


def _fault(fault: Fault) -> Config:
    config: Config = {}
    if fault.delay_s is not None:
        config["delay"] = {"fixed_delay": duration(fault.delay_s), "percentage": millionths(fault.delay_share)}
    if fault.abort_status is not None:
        config["abort"] = {"http_status": fault.abort_status, "percentage": millionths(fault.abort_share)}
    return typed("extensions.filters.http.fault.v3.HTTPFault", **config)


def _changes(request: HeaderChange, response: HeaderChange) -> Config:
    config: Config = {}
    for kind, change in (("request", request.plain()), ("response", response.plain())):
        added = [_header(*pair, "OVERWRITE_IF_EXISTS_OR_ADD") for pair in change.set]
        added += [_header(*pair, "APPEND_IF_EXISTS_OR_ADD") for pair in change.add]
        if added:
            config[f"{kind}_headers_to_add"] = added
        if change.remove:
            config[f"{kind}_headers_to_remove"] = list(change.remove)
    return config


def _header(name: str, value: str, action: str) -> Config:
    return {"header": {"key": name, "value": value}, "append_action": action}


def _hashed(key: HashKey) -> Config:
    match key.source:
        case HashSource.HEADER:
            return {"header": {"header_name": key.name}}
        case HashSource.QUERY:
            return {"query_parameter": {"name": key.name}}
        case HashSource.ADDRESS:
            return {"connection_properties": {"source_ip": True}}
        case HashSource.COOKIE:
            cookie: Config = {"name": key.name}
            if key.ttl_s is not None:
                cookie["ttl"] = duration(key.ttl_s)
            if key.path:
                cookie["path"] = key.path
            return {"cookie": cookie}

"""The whole configuration of a sidecar: as one file, or as files that Envoy follows while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from gonogo.mesh.envoy.cluster import assignment, clusters
from gonogo.mesh.envoy.form import Config, text
from gonogo.mesh.envoy.listener import listener, socket_address
from gonogo.mesh.envoy.route import route_configuration, route_name
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Outlet, Sidecar, SocketPath

__all__ = ["BOOTSTRAP", "dynamic_files", "static_file", "versions"]

BOOTSTRAP: Final = "envoy.yaml"
"""The file to start Envoy with; the others are named in it."""

# Envoy refuses regular expressions of more than 100 instructions unless told otherwise; Istio tells it this.
_PROGRAM_SIZE: Final = "re2.max_program_size.error_level"
_LARGEST_PROGRAM: Final = 32768
_CLUSTERS: Final = "clusters.yaml"
_LISTENERS: Final = "listeners.yaml"
_VERSION: Final = "version_info"
_TYPES: Final = {
    "cluster": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "endpoints": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
    "listener": "type.googleapis.com/envoy.config.listener.v3.Listener",
    "routes": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
}


def static_file(policy: Policy, sidecar: Sidecar) -> str:
    """Return the configuration as one YAML file, which holds until Envoy is started anew."""
    made = [
        {**_typed_cluster(config, "STATIC"), "load_assignment": assignment(config["name"], endpoints)}
        for config, endpoints in clusters(policy, sidecar)
    ]
    listeners = [
        listener(
            sidecar,
            outlet,
            outlet.listen,
            {"route_config": route_configuration(policy, sidecar, outlet)},
            policy.of(outlet.host),
        )
        for outlet in sidecar.outlets
        if outlet.listen
    ]
    return text({**_head(sidecar), "static_resources": {"listeners": listeners, "clusters": made}})


def dynamic_files(policy: Policy, sidecar: Sidecar, folder: str) -> Mapping[str, str]:
    """Return the configuration as files by name; Envoy takes a change of any but the first without a restart.

    A changed weight, route or retry touches only a file of routes, and a changed replica only one of endpoints:
    connections and the breaker's counts live on. A file must be replaced in one step (written beside it and renamed
    over it); Envoy does not look at files that are written in place.

    Args:
        policy: what is ruled.
        sidecar: where it listens and what it reaches.
        folder: where the files will be.
    """
    files = {BOOTSTRAP: text(_following(sidecar, folder))}
    made = []
    for config, endpoints in clusters(policy, sidecar):
        file = f"endpoints-{_as_file(config['name'])}.yaml"
        followed = {"eds_config": _source(folder, file)}
        made.append({**_typed_cluster(config, "EDS"), "eds_cluster_config": followed})
        files[file] = _resources("endpoints", [assignment(config["name"], endpoints)])
    listeners = []
    for outlet in sidecar.outlets:
        if outlet.listen is None:
            continue
        file = f"routes-{_routed(outlet)}.yaml"
        routes = {"rds": {"route_config_name": route_name(outlet), "config_source": _source(folder, file)}}
        listeners.append(listener(sidecar, outlet, outlet.listen, routes, policy.of(outlet.host)))
        files[file] = _resources("routes", [route_configuration(policy, sidecar, outlet)])
    files[_CLUSTERS] = _resources("cluster", made)
    files[_LISTENERS] = _resources("listener", listeners)
    return files


def versions(files: Mapping[str, str]) -> frozenset[str]:
    """Return the versions of followed files, as Envoy reports them in its statistics once it acts on a file."""
    heads = (content.partition("\n")[0].partition(": ") for content in files.values())
    return frozenset(version for name, _, version in heads if name == _VERSION)


def _head(sidecar: Sidecar) -> Config:
    runtime = {"name": "limits", "static_layer": {_PROGRAM_SIZE: _LARGEST_PROGRAM}}
    config: Config = {
        "node": {"id": sidecar.name, "cluster": sidecar.name},
        "layered_runtime": {"layers": [runtime]},
    }
    if isinstance(sidecar.admin, SocketPath):
        config["admin"] = {"address": {"pipe": {"path": sidecar.admin.path, "mode": 0o600}}}
    elif sidecar.admin:
        config["admin"] = {"address": {"socket_address": socket_address(sidecar.admin)}}
    return config


def _following(sidecar: Sidecar, folder: str) -> Config:
    followed = {"cds_config": _source(folder, _CLUSTERS), "lds_config": _source(folder, _LISTENERS)}
    return {**_head(sidecar), "dynamic_resources": followed}


def _source(folder: str, file: str) -> Config:
    return {"path_config_source": {"path": f"{folder}/{file}"}, "resource_api_version": "V3"}


def _resources(kind: str, entries: list[Config]) -> str:
    content = text({"resources": [{"@type": _TYPES[kind], **entry} for entry in entries]})
    return f"{_VERSION}: {sha256(content.encode()).hexdigest()[:16]}\n{content}"


def _typed_cluster(config: Config, kind: str) -> Config:
    return {"name": config["name"], "type": kind, **config}


def _as_file(name: str) -> str:
    return name.replace("|", "_")


def _routed(outlet: Outlet) -> str:
    return f"{outlet.host.full}_{outlet.port}"

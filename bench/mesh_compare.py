"""Compare the rendering for Envoy with the configuration that a control plane gave a real sidecar, field by field.

    python bench/mesh_compare.py manifests/shadow_ab --dump http://127.0.0.1:15000/config_dump

Prints one line for each difference in a cluster or a route, with a reason where there is a known one. The manifests
must be the ones that the control plane has. Exit status: 0 when every difference has a reason, 1 otherwise.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from gonogo.manifests.build import assemble
from gonogo.manifests.reader import read as read_files
from gonogo.mesh import layout, read, render

# Path below a cluster or a route (a * stands for one step) to why it differs on purpose.
REASONS: Final = {
    "cluster.metadata": "records are told apart by it; the control plane keeps its own data there",
    "cluster.type": "endpoints are written down where no control plane sends them",
    "cluster.load_assignment": "addresses of this machine",
    "cluster.eds_cluster_config": "endpoints are written down where no control plane sends them",
    "cluster.filters": "telemetry between sidecars",
    "cluster.transport_socket_matches": "connections on one machine are plain",
    "cluster.transport_socket": "connections on one machine are plain",
    "cluster.alt_stat_name": "names of statistics",
    "cluster.common_lb_config.locality_weighted_lb_config": "there are no localities on one machine",
    "route.metadata": "where the rule stands; findings say that",
    "route.decorator": "names of traces",
    "route.route.max_grpc_timeout": "only HTTP is routed",
    "route.route.cluster_not_found_response_code": "a destination that does not exist is an error beforehand",
}
# What protobuf's JSON leaves out or spells in another way means the same.
DEFAULTS: Final = {
    "cluster.lb_policy": "ROUND_ROBIN",
    "route.match.case_sensitive": True,
    "route.redirect.response_code": "MOVED_PERMANENTLY",
    "cluster.common_lb_config.healthy_panic_threshold.value": 0,
}


_WRITTEN_AS_TEXT: Final = frozenset({"host_selection_retry_max_attempts", "minimum_ring_size", "table_size"})
_DURATION: Final = re.compile(r"[0-9]+(\.[0-9]+)?s")


def flat(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield every leaf below ``value`` with its path."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from flat(entry, f"{path}.{key}")
    elif isinstance(value, list):
        for i, entry in enumerate(value):
            yield from flat(entry, f"{path}.{i}")
    else:
        yield path, _canonical(path, value)


def _canonical(path: str, value: object) -> object:
    name = path.rpartition(".")[2]
    # Whole numbers of 64 bits, and of some wrapper messages, are text in protobuf's JSON.
    if name in _WRITTEN_AS_TEXT and isinstance(value, str):
        return int(value)
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return float(value[:-1])
    if name == "retry_on":
        return str(value).strip(",")
    # Protobuf takes an empty text and a numerator of 0 for silence.
    return None if value == "" or (name == "numerator" and value == 0) else value


def differences(kind: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    """Yield path, our value and theirs, for every leaf that differs."""
    left, right = dict(flat(_whole(ours), kind)), dict(flat(_whole(theirs), kind))
    for path in sorted(left.keys() | right.keys()):
        silent = DEFAULTS.get(path, "APPEND_IF_EXISTS_OR_ADD" if path.endswith(".append_action") else None)
        one, other = left.get(path, silent), right.get(path, silent)
        if one != other and not (path.endswith("@type") and None in (one, other)):
            yield path, one, other


def _whole(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return ``value`` with every fraction in millionths."""
    if isinstance(value, Mapping):
        if "denominator" in value or "numerator" in value:
            parts = {"HUNDRED": 10_000, "TEN_THOUSAND": 100, "MILLION": 1}[value.get("denominator", "HUNDRED")]
            return {"numerator": value.get("numerator", 0) * parts}
        return {key: _whole(entry) for key, entry in value.items()}
    return [_whole(entry) for entry in value] if isinstance(value, list) else value


def dumped(source: str) -> Mapping[str, Any]:
    """Return the config_dump at a URL or in a file."""
    if source.startswith(("http://", "https://")):
        with urllib.request.urlopen(source, timeout=20) as stream:  # noqa: S310 - the scheme is checked
            return json.load(stream)  # type: ignore[no-any-return]  # JSON
    return json.loads(Path(source).read_text())  # type: ignore[no-any-return]  # JSON


def their_parts(dump: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return the clusters by name and the routes by host and port of a config_dump."""
    clusters: dict[str, Any] = {}
    routes: dict[str, list[Any]] = {}
    for section in dump["configs"]:
        for entry in (*section.get("dynamic_active_clusters", ()), *section.get("static_clusters", ())):
            clusters[entry["cluster"]["name"]] = entry["cluster"]
        for entry in (*section.get("dynamic_route_configs", ()), *section.get("static_route_configs", ())):
            for host in entry["route_config"].get("virtual_hosts", ()):
                routes[host["name"]] = host.get("routes", [])
                for domain in host.get("domains", ()):
                    routes.setdefault(domain, host.get("routes", []))
    return clusters, routes


def our_parts(paths: list[str]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return the same of the rendering."""
    assembly = assemble(read_files(paths))
    config = yaml.safe_load(render(read(assembly), layout(assembly.topology), to="envoy").text)["static_resources"]
    routes = {}
    for listener in config["listeners"]:
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        [host] = manager["route_config"]["virtual_hosts"]
        routes[manager["route_config"]["name"]] = host["routes"]
    return {entry["name"]: entry for entry in config["clusters"]}, routes


def reason(path: str) -> str:
    """Return why ``path`` differs on purpose; empty when there is no reason."""
    return next((why for known, why in REASONS.items() if path == known or path.startswith(f"{known}.")), "")


def compared(paths: list[str], source: str) -> Iterator[tuple[str, str, object, object]]:
    """Yield name, path, our value and theirs, for everything that differs."""
    our_clusters, our_routes = our_parts(paths)
    their_clusters, their_routes = their_parts(dumped(source))
    for name, ours in our_clusters.items():
        if name in their_clusters:
            yield from ((name, *found) for found in differences("cluster", ours, their_clusters[name]))
        else:
            yield name, "cluster", "there", None
    for name, mine in our_routes.items():
        theirs = their_routes.get(name)
        if theirs is None or len(theirs) != len(mine):
            yield name, "routes", len(mine), None if theirs is None else len(theirs)
            continue
        for i, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            yield from ((f"{name} route {i}", *found) for found in differences("route", one, other))


def main() -> int:
    """Print the differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", help="files and folders of manifests")
    parser.add_argument("--dump", required=True, help="config_dump of a real sidecar: a URL or a file")
    parser.add_argument("--all", action="store_true", help="also differences that have a reason")
    given = parser.parse_args()
    unexplained = 0
    explained: dict[str, int] = {}
    for name, path, ours, theirs in compared(given.paths, given.dump):
        why = reason(path)
        unexplained += not why
        if why:
            explained[why] = explained.get(why, 0) + 1
        if given.all or not why:
            print(f"{name}: {path}: ours {ours!r}, theirs {theirs!r}" + (f" ({why})" if why else ""))
    for why, count in explained.items():
        print(f"{count} differences: {why}")
    print(f"{unexplained} differences without a reason")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())

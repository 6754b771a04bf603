"""EnvoyFilters for Istio, applied as istiod applies them: one listener for all Services of a port, in a real Envoy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from gonogo.manifests.host import Host
from gonogo.mesh import envoy_filters
from gonogo.mesh.envoy.bootstrap import static_file
from gonogo.mesh.istio.rejection import authorities
from gonogo.mesh.policy.destination import Destination
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.rejection import Rejection
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.sidecar import Outlet, Sidecar
from tests.mesh.proxies import Proxy, start_envoy
from tests.mesh.world import NAMESPACE, ONLY, SINGLE, World, build, crowd

PORT = 8000
MANAGER = "envoy.filters.network.http_connection_manager"
WORDS = Rejection(429, '{"detail": "100% busy"}', "application/json", 7)

STACKS = {
    "worded": SINGLE,
    "overflow": replace(SINGLE, overflow="taker:8000"),
    "plain": SINGLE,
    "taker": ONLY,
}


class Shared(World):
    """Stacks at one port, told apart by the Host header."""

    def client(self, name: str, **headers: str) -> httpx.Client:
        return super().client(name, host=f"{name}:{PORT}", **headers)


def domains(host: Host) -> list[str]:
    """Return the names by which istiod lets a virtual host be called in the Service's own namespace."""
    names = [host.name, f"{host.name}.{host.namespace}", f"{host.name}.{host.namespace}.svc", host.full]
    return [*names, *(f"{name}:{PORT}" for name in names)]


def shared_listener(config: dict[str, Any]) -> dict[str, Any]:
    """Make one listener of those of a rendered configuration, with a virtual host for each Service, and return it."""
    listeners = config["static_resources"]["listeners"]
    hosts = []
    for one in listeners:
        [made] = manager(one)["route_config"]["virtual_hosts"]
        name, _, rest = str(made["name"]).partition(".")
        host = Host(rest.partition(".")[0], name)
        hosts.append({**made, "name": f"{host.full}:{PORT}", "domains": domains(host)})
    first: dict[str, Any] = listeners[0]
    manager(first)["route_config"] |= {"name": str(PORT), "virtual_hosts": hosts}
    config["static_resources"]["listeners"] = [first]
    return first


def manager(listener: dict[str, Any]) -> dict[str, Any]:
    """Return the connection manager of a listener."""
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def merge(into: dict[str, Any], value: dict[str, Any]) -> None:
    """Merge as protobuf does: messages field by field, lists one after the other."""
    for key, given in value.items():
        if isinstance(given, dict) and isinstance(into.get(key), dict):
            merge(into[key], given)
        elif isinstance(given, list):
            into[key] = [*into.get(key, []), *given]
        else:
            into[key] = given


def apply(listener: dict[str, Any], patch: dict[str, Any]) -> None:
    """Apply one patch of an EnvoyFilter where it matches."""
    match, value = patch["match"], patch["patch"]["value"]
    made = manager(listener)
    assert match["context"] == "SIDECAR_OUTBOUND"
    if "listener" in match:
        assert (match["listener"]["portNumber"], match["listener"]["filterChain"]["filter"]["name"]) == (PORT, MANAGER)
    match patch["applyTo"], patch["patch"]["operation"]:
        case "NETWORK_FILTER", "MERGE":
            merge(made, value["typed_config"])
        case "HTTP_FILTER", "INSERT_BEFORE":
            before = match["listener"]["filterChain"]["filter"]["subFilter"]["name"]
            names = [entry["name"] for entry in made["http_filters"]]
            made["http_filters"].insert(names.index(before), value)
        case "VIRTUAL_HOST", "MERGE":
            name = match["routeConfiguration"]["vhost"]["name"]
            [host] = [entry for entry in made["route_config"]["virtual_hosts"] if entry["name"] == name]
            merge(host, value)
        case other:
            pytest.fail(f"no such patch is expected: {other}")


def as_istio(policy: Policy, sidecar: Sidecar) -> dict[str, Any]:
    """Return what a client's Envoy has under Istio with the EnvoyFilters that are rendered for ``policy``."""
    bare = Policy(tuple(replace(ruling, rejection=None, overflow=None) for ruling in policy.rulings))
    config: dict[str, Any] = yaml.safe_load(static_file(bare, sidecar))
    listener = shared_listener(config)
    for made in yaml.safe_load_all(envoy_filters(policy, sidecar)):
        for patch in made["spec"]["configPatches"]:
            apply(listener, patch)
    return config


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All stacks behind one listener of one Envoy."""
    at: list[int] = []

    def start(policy: Policy, sidecar: Sidecar, folder: Path) -> Proxy:
        worded = Policy(
            tuple(
                replace(ruling, rejection=WORDS) if ruling.host.name == "worded" else ruling
                for ruling in policy.rulings
            )
        )
        config = as_istio(worded, sidecar)
        at.append(config["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"])
        file = folder / "envoy.yaml"
        file.write_text(yaml.safe_dump(config, sort_keys=False))
        return start_envoy(folder, file, at)

    made = build(STACKS, tmp_path_factory.mktemp("istio"), start)
    yield Shared(made.proxy, made.backends, dict.fromkeys(made.ports, at[0]), made.replicas)
    made.close()


def test_the_breaker_answers_in_declared_words(world: World) -> None:
    """Status, body, type and Retry-After are those of the annotation."""
    [refused] = [answer for answer in crowd(world, "worded", 2, held=1) if answer.status_code != 200]
    assert (refused.status_code, refused.text) == (WORDS.status, WORDS.body)
    assert (refused.headers["content-type"], refused.headers["retry-after"]) == (WORDS.content_type, "7")


def test_the_words_are_for_one_service_alone(world: World) -> None:
    """Another Service at the same port keeps the bare 503."""
    assert sorted(answer.status_code for answer in crowd(world, "plain", 2, held=1)) == [200, 503]


def test_what_is_turned_away_is_taken_elsewhere(world: World) -> None:
    """The client gets the taker's answer, and the taker the request as it was."""
    world.replica("taker").status = 202
    answers = crowd(world, "overflow", 2, held=1, body=b'{"data": 1}')
    assert sorted(answer.status_code for answer in answers) == [200, 202]
    (received,) = world.replica("taker").received
    assert (received.method, received.path, received.body) == ("POST", "/", b'{"data": 1}')


def test_nothing_of_another_service_is_taken_elsewhere(world: World) -> None:
    """A Service without the annotation turns its own away, with or without a body."""
    assert sorted(answer.status_code for answer in crowd(world, "plain", 2, held=1, body=b"{}")) == [200, 503]


@pytest.mark.parametrize("authority", domains(Host("circuit-breaker", "iris-svc")))
def test_every_name_of_the_service_is_known(authority: str) -> None:
    """Clients may leave out what follows a part of the name, and the port."""
    assert matches(authority)


@pytest.mark.parametrize("authority", ["iris-svc2", "iris", "iris-svc.other", "iris-svc:9000", "x.iris-svc"])
def test_other_names_are_other_services(authority: str) -> None:
    """Neither a longer nor a shorter name, nor another namespace or port."""
    assert not matches(authority)


def matches(authority: str) -> bool:
    """Return whether the local reply of iris-svc is for ``authority``; RE2 wants the whole of it."""
    pattern = authorities(Host("circuit-breaker", "iris-svc"), PORT)["safe_regex"]["regex"]
    return re.fullmatch(pattern, authority) is not None


def test_nothing_is_rendered_where_nothing_is_declared() -> None:
    """Rules that Istio carries out itself need no EnvoyFilter."""
    host = Host(NAMESPACE, "plain")
    assert envoy_filters(Policy((Ruling(host),)), Sidecar((Outlet(host, PORT, None),))) == ""


def test_a_taker_that_is_no_service_is_left_out() -> None:
    """There is no cluster that the script could ask; `gonogo check` finds it."""
    host = Host(NAMESPACE, "plain")
    ruling = Ruling(host, overflow=Destination(Host(NAMESPACE, "nobody"), PORT))
    assert envoy_filters(Policy((ruling,)), Sidecar((Outlet(host, PORT, None),))) == ""

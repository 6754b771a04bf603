"""Traffic rules that a platform holds as objects: what is written there, and what is refused."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from gonogo.errors import EnvironmentFault
from gonogo.manifests.build import topology
from gonogo.manifests.host import Host
from gonogo.manifests.syntax import parse
from gonogo.manifests.topology import Service, Topology
from gonogo.mesh import read
from gonogo.mesh.policy.change import with_limits, with_weights
from gonogo.platforms.interface import Endpoint, Replica, RunningStack
from gonogo.sidecar.istio import IstioProxy, ProxyAddress
from gonogo.suite.outlets import outlets_of
from gonogo.suite.rules import WrittenRules, written_rules_of
from gonogo.suite.stack import Stack
from gonogo.suite.traffic import Traffic
from tests.mesh.world import NAMESPACE, manifests
from tests.mesh.world import Stack as Declared

RULES = """
DestinationRule
host: NAME
subsets: [{name: svc, labels: {version: svc}}, {name: rf, labels: {version: rf}}]
---
VirtualService
hosts: [NAME]
http:
  - route:
      - {destination: {host: NAME, subset: svc}, weight: 60}
      - {destination: {host: NAME, subset: rf}, weight: 40}
"""
DOCUMENTS = parse(manifests({"iris": Declared(RULES)}), "stack.yaml")
HOST = Host(NAMESPACE, "iris")
ALL = frozenset(str(each) for each in DOCUMENTS if each.kind in ("DestinationRule", "VirtualService"))


class Held:
    """A stack without replicas whose platform holds the rules called ``names``, unless it refuses."""

    def __init__(self, names: frozenset[str] = ALL) -> None:
        self.topology: Topology = topology(DOCUMENTS).require()
        self.names = names
        self.refuses = False
        self.amended: list[Sequence[Mapping[str, Any]]] = []

    def held_rules(self) -> frozenset[str]:
        return self.names

    def amend_rules(self, objects: Sequence[Mapping[str, Any]]) -> None:
        if self.refuses:
            raise EnvironmentFault("somebody else has changed it")
        self.amended.append(objects)

    def authority(self, service: Service, port: int) -> str:
        return f"{service.name}.elsewhere:{port}"

    def endpoints(self, service: Service, port: int | str | None = None) -> tuple[Endpoint, ...]:
        del service, port
        return (Endpoint("127.0.0.1", 9),)

    def replicas(self, service: str = "") -> tuple[Replica, ...]:
        del service
        return ()

    def as_stack(self) -> RunningStack:
        return cast("RunningStack", self)


def _weights(body: Mapping[str, Any]) -> list[int]:
    return [entry["weight"] for entry in body["spec"]["http"][0]["route"]]


def test_only_the_object_that_changes_is_written() -> None:
    """The VirtualService for weights, and nothing where nothing changes."""
    held = Held()
    rules = WrittenRules(held, DOCUMENTS, "")
    rules.hold(rules.plan(with_weights(read(DOCUMENTS), HOST, {"svc": 95, "rf": 5})))
    [[body]] = held.amended
    assert (body["kind"], _weights(body)) == ("VirtualService", [95, 5])


def test_the_way_back_ends_at_what_the_manifests_say() -> None:
    """Field by field as they were written, also those for which a change had left another form."""
    held = Held()
    rules = WrittenRules(held, DOCUMENTS, "")
    rules.hold(rules.plan(with_limits(read(DOCUMENTS), HOST, {"max_connections": 5})))
    rules.hold(rules.plan(read(DOCUMENTS)))
    [back] = held.amended[-1]
    [written] = [each.body for each in DOCUMENTS if each.kind == "DestinationRule"]
    assert back is written


def test_what_the_platform_does_not_hold_is_not_written() -> None:
    """A change of it needs no field: it acts in gonogo's own sidecar alone."""
    held = Held(frozenset(name for name in ALL if name.startswith("DestinationRule")))
    rules = WrittenRules(held, DOCUMENTS, "")
    rules.hold(rules.plan(with_weights(read(DOCUMENTS), HOST, {"svc": 95, "rf": 5})))
    assert held.amended == [[]]


def test_a_platform_without_rules_has_none() -> None:
    """There is nothing to write to."""
    assert written_rules_of(Held(frozenset()).as_stack(), "") is None


@pytest.fixture
def acting(tmp_path: Path) -> Iterator[tuple[Held, Traffic]]:
    """Rules that act in a real Envoy and are held by a platform."""
    held = Held()
    rules = WrittenRules(held, DOCUMENTS, "")
    traffic = Traffic(held.as_stack(), read(DOCUMENTS), "envoy", folder=tmp_path / "sidecar", rules=rules)
    yield held, traffic
    traffic.stop()


def test_a_change_is_made_everywhere_or_nowhere(acting: tuple[Held, Traffic]) -> None:
    """Where the platform refuses it, the sidecar goes on by the old rules, and no change is told."""
    held, traffic = acting
    declared = traffic.policy
    held.refuses = True
    with pytest.raises(EnvironmentFault, match="somebody else has changed it"):
        traffic.set_weights("iris", {"svc": 95, "rf": 5})
    assert (traffic.policy, traffic.changes) == (declared, ())


def test_rules_that_do_not_come_back_are_a_problem(acting: tuple[Held, Traffic]) -> None:
    """Until they have: a stack whose rules are not the declared ones serves no other test unnoticed."""
    held, traffic = acting
    traffic.set_weights("iris", {"svc": 95, "rf": 5})
    held.refuses = True
    with pytest.raises(EnvironmentFault):
        traffic.reset()
    assert any("are not those of the manifests again" in problem for problem in traffic.problems())
    held.refuses = False
    traffic.reset()
    assert not any("are not those of the manifests" in problem for problem in traffic.problems())


def test_a_change_is_written_before_the_call_returns(acting: tuple[Held, Traffic]) -> None:
    """The sidecar acts on it and the platform holds it."""
    held, traffic = acting
    traffic.set_weights("iris", {"svc": 95, "rf": 5})
    assert [_weights(body) for body in held.amended[-1]] == [[95, 5]]
    assert "past which these requests go" in traffic.note


def test_with_its_own_sidecar_a_service_keeps_its_name(acting: tuple[Held, Traffic]) -> None:
    """Only Istio's proxy must be told by which name it knows the Service."""
    held, traffic = acting
    assert "Host" not in dict(Stack(held.as_stack(), traffic=traffic)["iris"].target("GET", "/").headers)


def test_istios_proxy_is_told_by_which_name_it_knows_the_service(tmp_path: Path) -> None:
    """Requests go to its address, and nothing of gonogo's is started."""
    held = Held()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        proxy = IstioProxy(ProxyAddress("127.0.0.1", port), read(DOCUMENTS), outlets_of(held.as_stack()))
        traffic = Traffic(held.as_stack(), read(DOCUMENTS), "istio", folder=tmp_path / "sidecar", istio=proxy)
        target = Stack(held.as_stack(), traffic=traffic)["iris"].target("GET", "/")
        traffic.stop()
    assert target.endpoints == (("127.0.0.1", port),)
    assert dict(target.headers)["Host"] == "iris.elsewhere:8000"
    assert not (tmp_path / "sidecar").exists()

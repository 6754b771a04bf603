"""Changes of a policy written back into the objects that declare it: only what changed, and nothing half."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import UsageError
from gonogo.manifests.document import Document
from gonogo.manifests.host import Host
from gonogo.manifests.syntax import parse
from gonogo.mesh import read
from gonogo.mesh.amendment import amended
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.change import with_limits, with_mirror, with_ruling, with_weights, without_mirror
from gonogo.mesh.policy.policy import Policy
from tests.mesh.world import NAMESPACE, Stack, manifests

HOST = Host(NAMESPACE, "iris")
SUBSETS = "subsets: [{name: svc, labels: {version: svc}}, {name: rf, labels: {version: rf}}]"
RULE = f"DestinationRule\nhost: NAME\n{SUBSETS}\n"
SPLIT = f"""{RULE}---
VirtualService
hosts: [NAME]
http:
  - match: [{{uri: {{prefix: /health}}}}]
    route: [{{destination: {{host: NAME, subset: svc}}}}]
    timeout: 2s
  - name: split
    timeout: 5s
    route:
      - destination: {{host: NAME, subset: svc}}
        weight: 60
        headers: {{response: {{set: {{x-side: svc}}}}}}
      - {{destination: {{host: NAME, subset: rf}}, weight: 40}}
    mirror: {{host: NAME, subset: rf}}
    mirror_percent: 100
"""
POOLS = """DestinationRule
host: NAME
trafficPolicy:
  loadBalancer: {simple: ROUND_ROBIN}
  connectionPool: {tcp: {maxConnections: 10, connectTimeout: 3s}, http: {http1MaxPendingRequests: 7}}
  portLevelSettings: [{port: {number: 8000}, loadBalancer: {simple: RANDOM}}]
subsets:
  - {name: svc, labels: {version: svc}, trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}}
  - {name: rf, labels: {version: rf}}
"""

Change = Callable[[Policy], Policy]


def documents(rules: str) -> tuple[Document, ...]:
    """Return the manifests of a Service with ``rules``."""
    return tuple(parse(manifests({"iris": Stack(rules)}), "stack.yaml"))


def spec(given: tuple[Document, ...], kind: str) -> Mapping[str, Any]:
    """Return the spec of the only object of ``kind``."""
    [found] = [document for document in given if document.kind == kind]
    body: Mapping[str, Any] = found.body
    fields: Mapping[str, Any] = body["spec"]
    return fields


def written(rules: str, change: Change) -> tuple[Document, ...]:
    """Return the manifests with ``rules`` after ``change``, which they declare then."""
    before = documents(rules)
    after = amended(before, change(read(before)))
    assert read(after).rulings == change(read(before)).rulings
    return after


def test_weights_are_written_where_they_stand() -> None:
    """Into the route that splits; its timeout, headers and name stay, and so does every other object."""
    before = documents(SPLIT)
    after = amended(before, with_weights(read(before), HOST, {"svc": 95, "rf": 5}))
    _, split = spec(after, "VirtualService")["http"]
    assert [entry["weight"] for entry in split["route"]] == [95, 5]
    assert (split["timeout"], split["route"][0]["headers"]["response"]) == ("5s", {"set": {"x-side": "svc"}})
    others = [(one, other) for one, other in zip(before, after, strict=True) if one.kind != "VirtualService"]
    assert all(one is other for one, other in others)


def test_a_stopped_mirror_leaves_no_field() -> None:
    """Neither the mirror nor any of the fields that say its share."""
    split = spec(written(SPLIT, lambda policy: without_mirror(policy, HOST)), "VirtualService")["http"][1]
    assert not [name for name in split if name.lower().startswith("mirror")]


def test_a_mirrors_share_is_said_in_the_current_field() -> None:
    """The deprecated one would contradict it."""
    after = written(SPLIT, lambda policy: with_mirror(without_mirror(policy, HOST), HOST, "svc", 0.25))
    routes = spec(after, "VirtualService")["http"]
    assert [route["mirrorPercentage"] for route in routes] == [{"value": 25.0}, {"value": 25.0}]
    assert "mirror_percent" not in routes[1]


def test_limits_are_written_into_every_pool_that_acts() -> None:
    """Of the destination, its ports and those subsets that have one; no limit is 0, as Istio reads it."""
    after = written(POOLS, lambda policy: with_limits(policy, HOST, {"max_connections": 99, "max_pending": None}))
    rule = spec(after, "DestinationRule")
    assert rule["trafficPolicy"]["connectionPool"] == {
        "tcp": {"maxConnections": 99, "connectTimeout": "3s"},
        "http": {"http1MaxPendingRequests": 0},
    }
    assert rule["trafficPolicy"]["portLevelSettings"][0]["connectionPool"] == {"tcp": {"maxConnections": 99}}
    assert rule["subsets"][0]["trafficPolicy"]["connectionPool"] == {"tcp": {"maxConnections": 99}}
    assert "trafficPolicy" not in rule["subsets"][1]


def test_nothing_changed_is_nothing_written() -> None:
    """The documents are the same objects."""
    before = documents(SPLIT)
    assert all(one is other for one, other in zip(before, amended(before, read(before)), strict=True))


@given(svc=st.integers(0, 100), share=st.floats(0.01, 1.0), limit=st.one_of(st.none(), st.integers(1, 10_000)))
def test_what_is_written_is_read_as_it_was_meant(svc: int, share: float, limit: int | None) -> None:
    """And going back to the first rules is written likewise."""
    before = documents(SPLIT)
    percent = round(share * 100) / 100
    policy = with_weights(read(before), HOST, {"svc": svc, "rf": 100 - svc})
    policy = with_limits(with_mirror(policy, HOST, "rf", percent), HOST, {"max_connections": limit})
    after = amended(before, policy)
    assert read(after).rulings == policy.rulings
    again = amended(after, with_weights(policy, HOST, {"svc": 60, "rf": 40}))
    assert [entry["weight"] for entry in spec(again, "VirtualService")["http"][1]["route"]] == [60, 40]


def _slower(policy: Policy) -> Policy:
    """Change what no field is written for."""
    ruling = policy.of(HOST)
    routes = tuple(
        replace(route, action=replace(route.action, timeout_s=9.0)) if isinstance(route.action, Forward) else route
        for route in ruling.routes or ()
    )
    return with_ruling(policy, replace(ruling, routes=routes))


@pytest.mark.parametrize(
    ("rules", "change", "says"),
    [
        (SPLIT, _slower, "cannot be written into the objects that declare them"),
        (RULE, lambda policy: with_weights(policy, HOST, {"svc": 60, "rf": 40}), "no VirtualService routes"),
        (
            SPLIT.partition("---\n")[2].replace(", subset: svc", "").replace(", subset: rf", ""),
            lambda policy: with_limits(policy, HOST, {"max_connections": 1}),
            "no DestinationRule speaks for it",
        ),
    ],
)
def test_what_has_no_field_is_refused(rules: str, change: Change, says: str) -> None:
    """With the Service and what would mend it."""
    before = documents(rules)
    with pytest.raises(UsageError, match=says) as caught:
        amended(before, change(read(before)))
    assert str(HOST) in caught.value.where
    assert caught.value.mend

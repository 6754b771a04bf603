"""Changes of a policy: other weights, mirrors and limits, all else as it was."""

from __future__ import annotations

import pytest

from gonogo.errors import UsageError
from gonogo.manifests.host import Host
from gonogo.manifests.syntax import parse
from gonogo.mesh import read
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.change import with_limits, with_mirror, with_weights, without_mirror
from gonogo.mesh.policy.policy import Policy
from tests.mesh.world import NAMESPACE, Stack, manifests

HOST = Host(NAMESPACE, "iris")
SUBSETS = "subsets: [{name: svc, labels: {version: svc}}, {name: rf, labels: {version: rf}}]"
PLAIN = f"DestinationRule\nhost: NAME\n{SUBSETS}\n"
TWO_ROUTES = (
    PLAIN
    + """---
VirtualService
hosts: [NAME]
http:
  - match: [{uri: {prefix: /test}}]
    route: [{destination: {host: NAME, subset: rf}}]
  - route: [{destination: {host: NAME, subset: svc}}]
"""
)
POOLS = f"""DestinationRule
host: NAME
trafficPolicy:
  connectionPool: {{tcp: {{maxConnections: 10}}}}
  portLevelSettings: [{{port: {{number: 8000}}, loadBalancer: {{simple: RANDOM}}}}]
{SUBSETS.replace("svc}}", "svc}, trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}}", 1)}
"""


def policy(rules: str) -> Policy:
    """Return what ``rules`` say."""
    return read(parse(manifests({"iris": Stack(rules)}), "stack.yaml"))


def weights(given: Policy) -> list[dict[str, int]]:
    """Return the weights of each route by subset."""
    routes = given.of(HOST).routes or ()
    return [
        {entry.destination.subset: entry.weight for entry in route.action.to}
        for route in routes
        if isinstance(route.action, Forward)
    ]


def test_a_service_without_routes_gets_one() -> None:
    """Where only a DestinationRule speaks for it, weights make a route to its subsets."""
    changed = weights(with_weights(policy(PLAIN), HOST, {"svc": 60, "rf": 40}))
    assert changed == [{"": 0, "svc": 60, "rf": 40}]


def test_of_several_routes_those_change_that_lead_to_a_name() -> None:
    """A route that leads elsewhere stays."""
    before = policy(TWO_ROUTES)
    first, second = weights(with_weights(before, HOST, {"svc": 70, "rf": 30}))
    assert (first, second) == ({"rf": 30, "svc": 70}, {"svc": 70, "rf": 30})
    first, second = weights(with_weights(before, HOST, {"svc": 100}))
    assert (first, second) == (weights(before)[0], {"svc": 100})


def test_of_several_routes_one_must_lead_to_a_name() -> None:
    """Names that no route leads to are refused with those that there are."""
    with pytest.raises(UsageError, match="name one of svc, rf"):
        with_weights(policy(TWO_ROUTES), HOST, {"other": 100})


def test_a_mirror_comes_and_goes() -> None:
    """Set, set again with another share, and stopped, the policy is what it was."""
    before = policy(TWO_ROUTES)
    twice = with_mirror(with_mirror(before, HOST, "rf", 1.0), HOST, "rf", 0.5)
    shares = [
        [mirror.share for mirror in route.action.mirrors]
        for route in twice.of(HOST).routes or ()
        if isinstance(route.action, Forward)
    ]
    assert shares == [[0.5], [0.5]]
    assert without_mirror(twice, HOST) == before


def test_limits_stand_for_ports_and_subsets_too() -> None:
    """What has settings of its own gets the limits in them: they replace those of the destination."""
    changed = with_limits(policy(POOLS), HOST, {"max_connections": 3}).of(HOST)
    seen = [
        changed.effective(8000),
        changed.effective(9000),
        changed.effective(8000, "svc"),
        changed.effective(1, "rf"),
    ]
    assert [traffic.pool.max_connections if traffic.pool else None for traffic in seen] == [3, 3, 3, 3]


def test_what_is_not_changed_stays() -> None:
    """Balancer and other limits are those of the declaration."""
    before, after = policy(POOLS), with_limits(policy(POOLS), HOST, {"max_pending": 2})
    pool = after.of(HOST).traffic.pool
    assert pool is not None
    assert (pool.max_connections, pool.max_pending) == (10, 2)
    assert after.of(HOST).ports[8000].balancer == before.of(HOST).ports[8000].balancer

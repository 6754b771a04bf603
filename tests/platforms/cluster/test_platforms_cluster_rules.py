"""Traffic rules in a cluster that serves Istio's kinds: a change reaches the API server, or nothing changes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gonogo.errors import EnvironmentFault, UsageError
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.change import with_ruling
from gonogo.mesh.policy.policy import Policy
from gonogo.platforms.cluster import ClusterPlatform
from gonogo.sidecar.order import SidecarOrder
from gonogo.suite.placement import Placement
from gonogo.suite.stack import Stack
from gonogo.wiring import read_manifests, start_traffic
from tests.contracts.waiting import eventually
from tests.platforms.cluster.ruled import Ruled, counted, manifests, served


@pytest.fixture(scope="module")
def world(
    cluster: ClusterPlatform, echo_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, Ruled]]:
    """A stack whose rules act in gonogo's own Envoy, and are held by the cluster as well."""
    api = served(cluster)
    folder, namespace = tmp_path_factory.mktemp("rules"), f"rules-{secrets.token_hex(3)}"
    file = folder / "web.yaml"
    file.write_text(manifests(namespace, echo_image), encoding="utf-8")
    declared = read_manifests([file])
    with cluster.start(declared.topology, workdir=folder / "stack", ready_timeout_s=60.0) as running:
        traffic = start_traffic(
            running,
            declared,
            SidecarOrder(workers=1),
            proxy="envoy",
            placement=Placement((), ()),
            folder=folder / "sidecar",
        )
        try:
            yield Stack(running, traffic=traffic), Ruled(api, namespace)
        finally:
            traffic.stop()


@pytest.fixture(autouse=True)
def _as_declared(world: tuple[Stack, Ruled]) -> None:
    """Every test begins with the rules of the manifests."""
    stack, _ = world
    stack.traffic.reset()


def test_weights_are_held_by_the_cluster_and_act(world: tuple[Stack, Ruled]) -> None:
    """Both the VirtualService and gonogo's own Envoy have the new weights; all else in the object is as it was."""
    stack, ruled = world
    before = ruled.spec("virtualservices")
    stack.traffic.set_weights("web", {"svc": 0, "rf": 100}, why="a test")
    after = ruled.spec("virtualservices")
    assert ruled.weights == [0, 100]
    assert after["http"][0]["timeout"] == before["http"][0]["timeout"]
    with stack["web"].client() as client:
        assert counted(client, 20) == {"rf": 20}


def test_a_mirror_comes_and_goes(world: tuple[Stack, Ruled]) -> None:
    """As the fields of the VirtualService's route."""
    stack, ruled = world
    stack.traffic.set_mirror("web", "rf", 50)
    assert ruled.spec("virtualservices")["http"][0]["mirrorPercentage"] == {"value": 50}
    stack.traffic.stop_mirror("web")
    assert not [name for name in ruled.spec("virtualservices")["http"][0] if name.startswith("mirror")]


def test_limits_are_held_by_the_cluster(world: tuple[Stack, Ruled]) -> None:
    """As fields of the DestinationRule's connection pool."""
    stack, ruled = world
    stack.traffic.set_limits("web", max_connections=7, max_pending_requests=3)
    pool = ruled.spec("destinationrules")["trafficPolicy"]["connectionPool"]
    assert pool == {"tcp": {"maxConnections": 7}, "http": {"http1MaxPendingRequests": 3}}


def test_the_rules_of_the_manifests_come_back_by_the_same_road(world: tuple[Stack, Ruled]) -> None:
    """What a test changed stands in the cluster no longer when the next one begins."""
    stack, ruled = world
    stack.traffic.set_weights("web", {"svc": 95, "rf": 5})
    stack.traffic.reset()
    assert ruled.weights == [60, 40]


def test_a_change_without_a_field_changes_nothing(world: tuple[Stack, Ruled]) -> None:
    """Neither here nor in the cluster."""
    stack, ruled = world

    def slower(policy: Policy) -> Policy:
        [ruling] = policy.rulings
        routes = tuple(
            replace(route, action=replace(route.action, timeout_s=9.0)) if isinstance(route.action, Forward) else route
            for route in ruling.routes or ()
        )
        return with_ruling(policy, replace(ruling, routes=routes))

    acting, held = stack.traffic.policy, ruled.spec("virtualservices")
    with pytest.raises(UsageError, match="cannot be written into the objects that declare them"):
        stack.traffic.apply(slower)
    assert (stack.traffic.policy, ruled.spec("virtualservices")) == (acting, held)


def test_what_somebody_else_has_changed_is_left_as_it_is(world: tuple[Stack, Ruled]) -> None:
    """The change is refused, the message names who it was, and gonogo's own Envoy goes on as before."""
    stack, ruled = world
    path = ruled.path("virtualservices")
    theirs = {"spec": {"http": [{"route": [{"destination": {"host": "web", "subset": "rf"}}]}]}}
    mine = ruled.spec("virtualservices")
    ruled.api.merge(path, theirs)
    acting = stack.traffic.policy
    with pytest.raises(EnvironmentFault, match="somebody else has changed it"):
        stack.traffic.set_weights("web", {"svc": 95, "rf": 5})
    assert stack.traffic.policy == acting
    assert ruled.spec("virtualservices")["http"] == theirs["spec"]["http"]
    ruled.api.merge(path, {"spec": mine})


def test_the_judgment_says_by_which_way_requests_went(world: tuple[Stack, Ruled]) -> None:
    """Through gonogo's own Envoy, past the cluster's Istio."""
    stack, _ = world
    assert "through the client's sidecar: Envoy" in stack.traffic.note
    assert "the cluster holds the same rules for its Istio, past which these requests go" in stack.traffic.note


def test_a_killed_replica_is_followed(world: tuple[Stack, Ruled]) -> None:
    """Its successor gets requests, by the rules as they were changed."""
    stack, _ = world
    stack.traffic.set_weights("web", {"svc": 0, "rf": 100})
    [gone] = [each.name for each in stack.replicas() if "/rf/" in each.name]
    stack.kill(gone)

    def answered() -> bool:
        with stack["web"].client() as client:
            return client.get("/environment").status_code == 200

    eventually(answered, 60.0)

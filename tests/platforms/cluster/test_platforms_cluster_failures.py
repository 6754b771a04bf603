"""When a stack does not come up in a cluster, the true reason is told, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo.errors import EnvironmentFault, ManifestError, StackError
from gonogo.manifests.topology import Container, EnvVar, HttpGet, Port, Probe, Resources, Topology
from gonogo.platforms.cluster import ClusterPlatform, lifetime, names
from gonogo.platforms.cluster.access import connect, current_context
from gonogo.platforms.cluster.api import Api
from gonogo.platforms.cluster.lifetime import Owner
from gonogo.platforms.cluster.names import SELECTOR
from gonogo.platforms.cluster.stack import ClusterStack
from tests.contracts.topologies import container, deployment, topology
from tests.contracts.waiting import eventually

Up = Callable[..., ClusterStack]


@pytest.fixture
def api(cluster: ClusterPlatform) -> Api:
    """The cluster itself, to look at."""
    del cluster
    return connect([current_context()])


@pytest.fixture
def up(cluster: ClusterPlatform, tmp_path: Path, api: Api) -> Iterator[Up]:
    """Start a topology; after the test nothing of it is listed in the cluster."""
    before = _namespaces(api)
    with ExitStack() as opened:

        def start(declared: Topology, ready_timeout_s: float = 30.0) -> ClusterStack:
            return opened.enter_context(cluster.start(declared, workdir=tmp_path, ready_timeout_s=ready_timeout_s))

        yield start
    assert _namespaces(api) <= before


def _namespaces(api: Api) -> set[str]:
    listed = api.get("/api/v1/namespaces", labelSelector=SELECTOR)
    return {each["metadata"]["name"] for each in listed["items"]}


def _web(one: Container, **options: object) -> Topology:
    return topology(deployment("web", one, **options))  # type: ignore[arg-type] # options of the test


def _echo(image: str, **options: object) -> Container:
    probe = Probe(HttpGet("/health", 8000), period_s=1.0)
    given = {"ports": (Port(8000, "http"),), "readiness": probe, **options}
    return container(image, **given)  # type: ignore[arg-type] # likewise


def test_an_image_that_is_missing_is_the_clusters_fault(up: Up) -> None:
    """Told as soon as the kubelet backs off from pulling it, with the name of the image."""
    with pytest.raises(EnvironmentFault, match=r"shop/web/0: container main: no image localhost:1/none:1") as raised:
        up(_web(container("localhost:1/none:1")), 60.0)
    assert not isinstance(raised.value, StackError)


def test_a_container_that_ends_again_and_again_is_told_with_its_last_lines(up: Up, echo_image: str) -> None:
    """The service's fault; its log is quoted, and a Secret in it is not."""
    say = "import os, sys; print('no model at', os.environ['TOKEN']); sys.exit(3)"
    secret = (EnvVar("TOKEN", "hunter2-hunter2", secret=True),)
    crashing = container(echo_image, command=("python3", "-c", say), env=secret)
    with pytest.raises(StackError, match=r"(?s)ended .*with exit status 3.*no model at \*\*\*") as raised:
        up(_web(crashing), 8.0)
    assert "hunter2" not in str(raised.value)


def test_a_pod_without_room_is_told_in_the_schedulers_words(up: Up, echo_image: str) -> None:
    """A request that no node can hold."""
    greedy = _echo(echo_image, resources=Resources(cpu_request=4000.0))
    with pytest.raises(EnvironmentFault, match=r"cannot be scheduled: .*Insufficient cpu") as raised:
        up(_web(greedy), 3.0)
    assert not isinstance(raised.value, StackError)


def test_an_object_that_the_api_server_refuses_stops_the_start(up: Up) -> None:
    """The server's own words, and the object."""
    with pytest.raises(ManifestError, match=r"refuses Deployment shop/web: .*spec.template.spec.containers\[0\].name"):
        up(_web(container("echo:1", "No_Name")))


def test_replicas_can_be_scaled(up: Up, echo_image: str) -> None:
    """More Pods become more replicas and endpoints; fewer are no problem."""
    stack = up(_web(_echo(echo_image)))
    web = stack.topology.service("web")
    stack.scale("shop/web", 3)
    assert eventually(lambda: len(stack.endpoints(web)) == 3, 30.0)
    assert [each.name for each in stack.replicas()] == ["shop/web/0", "shop/web/1", "shop/web/2"]
    stack.scale("shop/web", 1)
    assert eventually(lambda: len(stack.replicas()) == 1 and len(stack.endpoints(web)) == 1, 30.0)
    assert stack.problems() == ()


def test_a_pod_that_is_evicted_is_the_clusters_fault(up: Up, echo_image: str, api: Api) -> None:
    """What was measured then says nothing about the service: the sample of the run's end refuses to be one."""
    stack = up(_web(_echo(echo_image)))
    [space] = _namespaces_of(stack)
    [pod] = api.get(f"/api/v1/namespaces/{space}/pods")["items"]
    name = pod["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": space}}
    api.create(f"/api/v1/namespaces/{space}/pods/{name}/eviction", eviction)
    assert eventually(stack.problems, 10.0)
    with pytest.raises(EnvironmentFault, match=r"shop/web/0: the cluster took Pod .* away"):
        stack.sample()
    stack.reset_peaks()
    assert eventually(lambda: set(stack.sample()) == {"shop/web/0"}, 20.0)


def test_a_namespace_that_somebody_deletes_is_the_clusters_fault(up: Up, echo_image: str, api: Api) -> None:
    """The problem names the namespace."""
    stack = up(_web(_echo(echo_image)))
    [space] = _namespaces_of(stack)
    api.delete(f"/api/v1/namespaces/{space}")
    assert eventually(lambda: any(f"namespace {space} is being deleted" in text for text in stack.problems()), 20.0)


def test_events_and_counts_of_replicas_are_kept(up: Up, echo_image: str, tmp_path: Path) -> None:
    """Beside the logs, also after the stop."""
    stack = up(_web(_echo(echo_image)))
    stack.stop()
    assert "Scheduled" in (tmp_path / "events.log").read_text()
    assert (tmp_path / "replicas.csv").read_text().splitlines()[-1].endswith(",shop/web,1,1")


def test_what_a_dead_session_left_is_removed_by_the_next_start(up: Up, echo_image: str, api: Api) -> None:
    """A namespace whose owner on this host has ended goes; one of a living owner stays until it stops."""
    here = Owner.here()
    dead = Owner(here.host, here.boot, here.pid, here.started - 1000.0)
    name = f"gonogo-dead-{names.new_session()}"
    metadata = {
        "name": name,
        "labels": dict(names.labels("dead", "shop")),
        "annotations": dict(lifetime.marks(dead, datetime.now(UTC))),
    }
    api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    up(_web(_echo(echo_image)))
    assert eventually(lambda: name not in _namespaces(api), 60.0)


def _namespaces_of(stack: ClusterStack) -> list[str]:
    return list(stack._ground.spaces.values())

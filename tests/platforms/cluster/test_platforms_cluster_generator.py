"""The load generator inside of a cluster: Pods of fixed size, one schedule, every row, and who was lost.

Needs the image of gonogo's generator, of this checkout, on the cluster's nodes: GONOGO_GENERATOR_IMAGE, or
``gonogo/generator:<version>`` as ``gonogo images build gonogo/generator`` makes it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from gonogo.errors import EnvironmentFault
from gonogo.load.driver import RunningLoad
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.manifests.topology import Generator, HttpGet, Port, Probe, Topology
from gonogo.platforms.cluster import ClusterPlatform
from gonogo.platforms.cluster.access import connect, current_context
from gonogo.platforms.cluster.generator import GeneratorPods
from gonogo.platforms.cluster.names import SELECTOR
from gonogo.platforms.cluster.stack import ClusterStack
from gonogo.platforms.interface import WorkerSize
from gonogo.suite.origin import Inside
from gonogo.suite.recorder import RunPlace
from tests.contracts.topologies import SOURCE, container, deployment, service, topology
from tests.contracts.waiting import eventually

_MIB = 1024**2
_NUMBERS = count(100, 100)


@pytest.fixture(scope="session")
def generator_image() -> str:
    """The image of the load generator, as the cluster calls it."""
    return os.environ.get("GONOGO_GENERATOR_IMAGE", f"gonogo/generator:{version('gonogo')}")


@pytest.fixture(scope="module")
def stack(
    cluster: ClusterPlatform, echo_image: str, generator_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ClusterStack]:
    """One replica that echoes, and load workers of a fifth of a core; after the tests nothing of it is listed."""
    platform = replace(cluster, generator_image=generator_image)
    with platform.start(_shop(echo_image), workdir=tmp_path_factory.mktemp("stack"), ready_timeout_s=60.0) as started:
        space = started.generator.order.namespace
        yield started
    listed = connect([current_context()]).get("/api/v1/namespaces", labelSelector=SELECTOR)
    assert space not in {each["metadata"]["name"] for each in listed["items"]}


def _shop(image: str) -> Topology:
    probe = Probe(HttpGet("/health", 8000), period_s=1.0)
    web = deployment("web", container(image, ports=(Port(8000, "http"),), readiness=probe))
    declared = topology(web, services=(service("web"),))
    return replace(declared, generators=(Generator("shop", "client", SOURCE, cpu=0.2, memory=128 * _MIB),))


def _begin(stack: ClusterStack, folder: Path, **options: object) -> tuple[RunningLoad, str]:
    endpoints = tuple((each.host, each.port) for each in stack.inner_endpoints(stack.topology.service("web")))
    target = Target.build("GET", "http://web.shop/health", endpoints=endpoints, expect={"status": 200})
    given = {"rate": 20.0, "duration_s": 2.0, "timeout_s": 5.0, "connections": 8, "tightest_limit_s": 5.0, **options}
    plan = LoadPlan("test", (target,), **given)  # type: ignore[arg-type] # options of the test
    return Inside(stack).start(plan, RunPlace("test", folder, "runs/test"))


def test_a_pod_drives_the_load(stack: ClusterStack, tmp_path: Path) -> None:
    """Every due request has its row, and the facts say where it was sent from, with what CPU and memory."""
    load, said = _begin(stack, tmp_path)
    with load as running:
        run = running.wait()
    assert run.columns.due_s == pytest.approx(np.arange(40) / 20)
    assert run.columns.success.all()
    (worker,) = run.facts.generator.workers
    assert worker.place.startswith(f"Pod {stack.generator.order.namespace}/gonogo-generator-")
    assert worker.cpu == pytest.approx(0.2)
    assert worker.memory == 128 * _MIB
    assert worker.throttled_s is not None
    assert "with 0.2 cores and 128 MiB, requested and limited alike (Pod shop/client)" in said
    assert worker.place in said


def test_two_pods_make_one_run(stack: ClusterStack, tmp_path: Path) -> None:
    """Each sends its share of one schedule, and the rows of both are the run."""
    load, said = _begin(stack, tmp_path, engines=2, workers=2)
    with load as running:
        run = running.wait()
    assert run.columns.due_s == pytest.approx(np.arange(40) / 20)
    assert run.columns.success.all()
    assert len({worker.place for worker in run.facts.generator.workers}) == 2
    assert {ordinal % 2 for ordinal in run.columns.connection} == {0, 1}
    assert "by 2 workers" in said


def test_it_is_seen_and_stopped_from_here(stack: ClusterStack, tmp_path: Path) -> None:
    """Progress and rows come while it goes on, and a stop is a stop."""
    load, _ = _begin(stack, tmp_path, duration_s=120.0)
    with load as running:
        eventually(lambda: running.progress().done >= 10)
        assert running.snapshot().success.sum() >= 10
        running.stop("seen")
        run = running.wait()
    assert run.facts.cut_short == "seen"


def test_a_lost_pod_is_named(stack: ClusterStack, tmp_path: Path) -> None:
    """The run is INVALID and says which Pod was lost; what came is kept; the next load has a new Pod."""
    load, _ = _begin(stack, tmp_path, engines=2, workers=2, duration_s=120.0)
    lost = stack.generator.pod(1)
    space = stack.generator.order.namespace
    with load as running:
        eventually(lambda: running.progress().done >= 20)
        connect([current_context()]).delete(f"/api/v1/namespaces/{space}/pods/{lost}", gracePeriodSeconds=0)
        run = running.wait()
    assert not run.facts.valid
    assert f"load engine 2 of 2 (Pod {space}/{lost} on node " in run.facts.invalid_reason
    assert "its Pod was deleted" in run.facts.invalid_reason
    assert run.columns.success.sum() >= 20
    stack.workers(2)
    assert stack.generator.pod(1) != lost


def test_the_size_that_no_node_has(stack: ClusterStack) -> None:
    """The scheduler's own words are told, and what the Pod asked for."""
    pods = _others(stack, size=WorkerSize(4000.0, 128 * _MIB, "Pod shop/client"))
    pods.ready_timeout_s = 2.0
    with pytest.raises(EnvironmentFault, match=r"Insufficient cpu.*4000 cores and 128 MiB \(Pod shop/client\)"):
        pods.have(1)


def test_an_image_that_does_not_come(stack: ClusterStack) -> None:
    """It is named in the kubelet's words, with how to make it."""
    with pytest.raises(EnvironmentFault, match="no image gonogo/No-Image's-Name:1") as caught:
        _others(stack, image="gonogo/No-Image's-Name:1").have(1)
    assert "gonogo images build gonogo/generator" in str(caught.value)


def test_a_generator_without_cpu(stack: ClusterStack, tmp_path: Path) -> None:
    """A run whose worker had not the CPU that it needed is INVALID, and does not blame the service."""
    usual = stack.generator
    stack.host_generator(_others(stack, size=WorkerSize(0.05, 128 * _MIB, "Pod shop/client")))
    try:
        load, _ = _begin(stack, tmp_path, rate=300.0, duration_s=4.0)
        with load as running:
            run = running.wait()
    finally:
        stack.host_generator(usual)
    assert not run.facts.valid
    assert "the generator had work and no CPU with its 0.05 cores for " in run.facts.invalid_reason


def _others(stack: ClusterStack, **order: object) -> GeneratorPods:
    """Workers of another kind in the same namespace."""
    pods = GeneratorPods(connect([current_context()]), replace(stack.generator.order, **order))  # type: ignore[arg-type] # fields of it
    pods._made = next(_NUMBERS)
    return pods

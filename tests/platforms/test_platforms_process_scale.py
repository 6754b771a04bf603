"""Replicas that join and leave a stack that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.patience import PATIENCE_S
from gonogo.errors import StackError, UsageError
from gonogo.manifests.findings import Source
from gonogo.manifests.topology import Autoscaler, Port, Scaling, ScalingPolicy, Topology
from gonogo.platforms.interface import Scalable
from gonogo.platforms.process.platform import ProcessPlatform
from gonogo.platforms.process.stack import ProcessStack
from tests.contracts.platform import ask
from tests.contracts.topologies import HEALTH, container, deployment, service, topology
from tests.contracts.waiting import eventually
from tests.platforms.machine import ECHO

AT_ONCE = Scaling(0.0, (ScalingPolicy("Pods", 10, 1),))


def _declared() -> Topology:
    web = deployment("web", container("echo:1", ports=(Port(8000, "http"),), readiness=HEALTH), replicas=1)
    scaler = Autoscaler("shop", "web", "web", Source("web.yaml", 9), 1, 3, 0.5, AT_ONCE, AT_ONCE)
    return replace(topology(web, services=(service("web", 80, "http"),)), autoscalers=(scaler,))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[ProcessStack]:
    """One replica, of which there may be three."""
    with ProcessPlatform({"echo:*": ECHO}).start(_declared(), workdir=tmp_path, ready_timeout_s=PATIENCE_S) as stack:
        yield stack


def _answering(stack: ProcessStack) -> int:
    with suppress(StackError):
        return len({str(ask(each, "/pid")) for each in stack.endpoints(stack.topology.service("web"))})
    return 0


def _becomes(stack: ProcessStack, count: int) -> Callable[[], bool]:
    return lambda: len(stack.replicas()) == count and all(each.ready for each in stack.replicas())


def test_replicas_join_and_answer(running: ProcessStack) -> None:
    """Each at an address of its own, behind the same Service."""
    assert isinstance(running, Scalable)
    running.scale("shop/web", 3)
    eventually(_becomes(running, 3))
    assert _answering(running) == 3
    assert [each.name for each in running.replicas("web")] == ["shop/web/0", "shop/web/1", "shop/web/2"]


def test_the_last_leave_first_and_may_come_back(running: ProcessStack) -> None:
    """Ordinals stay; leaving is no problem of the stack, and usage counts from the new start."""
    running.scale("shop/web", 2)
    eventually(_becomes(running, 2))
    running.scale("shop/web", 1)
    eventually(_becomes(running, 1))
    assert [each.name for each in running.replicas()] == ["shop/web/0"]
    assert running.problems() == ()
    running.scale("shop/web", 2)
    eventually(_becomes(running, 2))
    assert _answering(running) == 2
    assert set(running.sample()) == {"shop/web/0", "shop/web/1"}


def test_none_may_be_left(running: ProcessStack) -> None:
    """Scaled to 0 the Service has no endpoints, and back it has."""
    running.scale("shop/web", 0)
    eventually(lambda: not running.replicas())
    with pytest.raises(StackError, match="no replica behind the Service is ready"):
        running.endpoints(running.topology.service("web"))
    running.scale("shop/web", 1)
    eventually(lambda: _answering(running) == 1)


@pytest.mark.parametrize(
    ("workload", "replicas", "said"), [("shop/other", 1, "no Deployment"), ("shop/web", 4, "0 to 3")]
)
def test_what_cannot_be_is_refused(running: ProcessStack, workload: str, replicas: int, said: str) -> None:
    """A Deployment that is not there, and more replicas than an autoscaler allows."""
    with pytest.raises(UsageError, match=said):
        running.scale(workload, replicas)

"""The autoscalers of a running stack, on a stack that is made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from gonogo.errors import StackError
from gonogo.manifests.findings import Source
from gonogo.manifests.topology import Autoscaler, Resources, Scaling, ScalingPolicy, Topology
from gonogo.platforms.interface import Replica, ReplicaSample, Rescaled, RunningStack, Scalable
from gonogo.suite.autoscaling import Autoscaling, autoscaling_of
from tests.contracts.topologies import container, deployment, topology
from tests.contracts.waiting import eventually

FREE = Scaling(0.0, (ScalingPolicy("Pods", 10, 1),))
REQUEST = Resources(cpu_request=0.5)
NEVER_S = 3600.0


def _declared() -> Topology:
    web = deployment("web", container("echo:1", resources=REQUEST), replicas=2)
    scaler = Autoscaler("shop", "web", "web", Source("web.yaml", 9), 1, 5, 0.5, FREE, FREE)
    return replace(topology(web), autoscalers=(scaler,))


@dataclass
class MadeUp:
    """A stack whose replicas use as much as a test says."""

    topology: Topology = field(default_factory=_declared)
    cores: float = 0.25
    at_s: float = 0.0
    count: int = 2
    scaled: list[tuple[str, int]] = field(default_factory=list)
    broken: bool = False

    def replicas(self, _service: str = "") -> tuple[Replica, ...]:
        return tuple(Replica(f"shop/web/{n}", ready=True, address="", log=Path()) for n in range(self.count))

    def sample(self) -> Mapping[str, ReplicaSample]:
        if self.broken:
            raise StackError("the supervisor is gone")
        return {each.name: ReplicaSample(each.name, self.cores * self.at_s, 0, 0, None, 0) for each in self.replicas()}

    def scale(self, workload: str, replicas: int) -> None:
        self.scaled.append((workload, replicas))
        self.count = replicas


def _autoscaling(stack: MadeUp, period_s: float = NEVER_S) -> Autoscaling:
    made = Autoscaling(cast("RunningStack", stack), cast("Scalable", stack), period_s)
    made._sampled_s = 0.0
    return made


def test_replicas_follow_the_cpu_in_use() -> None:
    """Twice the target for ten seconds: twice the replicas, and the event says why."""
    stack = MadeUp(cores=0.5)
    scaling = _autoscaling(stack)
    stack.at_s = 10.0
    scaling.decide(10.0)
    scaling.stop()
    assert stack.scaled == [("shop/web", 4)]
    (event,) = scaling.events
    assert str(event) == ("shop/web scaled from 2 to 4 replicas (100% of the requested CPU in use, 50% is the target)")
    assert scaling.changed


def test_at_its_target_nothing_changes() -> None:
    """No event, and the stack is as the manifests say."""
    stack = MadeUp(cores=0.25)
    scaling = _autoscaling(stack)
    stack.at_s = 10.0
    scaling.decide(10.0)
    scaling.stop()
    assert (stack.scaled, scaling.events, scaling.changed) == ([], (), False)


def test_a_replica_that_has_just_come_is_not_measured() -> None:
    """It has no earlier sample; it damps and does not count as idle forever."""
    stack = MadeUp(cores=0.05)
    scaling = _autoscaling(stack)
    stack.at_s, stack.count = 10.0, 3
    scaling.decide(10.0)
    scaling.stop()
    assert stack.scaled == [], "one unknown Pod at its whole request keeps the two idle ones"


def test_a_stack_that_cannot_be_measured_is_a_problem_when_it_stays_so() -> None:
    """One failure may pass; several in a row are said."""
    stack = MadeUp()
    scaling = _autoscaling(stack, period_s=0.01)
    assert scaling.problems() == ()
    stack.broken = True
    eventually(scaling.problems)
    scaling.stop()
    assert "the supervisor is gone" in scaling.problems()[0]


@pytest.mark.parametrize("autoscalers", [()])
def test_without_autoscalers_there_is_nothing_to_do(autoscalers: tuple[Autoscaler, ...]) -> None:
    """No thread is started."""
    stack = MadeUp(replace(_declared(), autoscalers=autoscalers))
    assert autoscaling_of(cast("RunningStack", stack), 1.0) is None


class ScaledElsewhere(MadeUp):
    """A stack whose platform carries out its autoscalers."""

    changes: tuple[Rescaled, ...] = ()

    def autoscalers(self) -> tuple[Autoscaler, ...]:
        return self.topology.autoscalers

    def unscaled(self) -> str:
        return "it has no metrics"

    def rescaled(self) -> tuple[Rescaled, ...]:
        return self.changes


def test_a_platforms_own_autoscalers_are_followed_and_not_doubled() -> None:
    """Nothing is scaled from here; what the platform did, and why it may do nothing, is told."""
    stack = ScaledElsewhere()
    scaling = autoscaling_of(cast("RunningStack", stack), 0.01)
    assert scaling is not None
    assert (scaling.events, scaling.changed, scaling.untested) == ((), False, "it has no metrics")
    stack.changes = (Rescaled(1767225600.0, "shop/web", 2, 3, "more load"),)
    [event] = scaling.events
    assert (str(event), event.wall, scaling.changed, stack.scaled) == (
        "shop/web scaled from 2 to 3 replicas (more load)",
        "2026-01-01T00:00:00.000+00:00",
        True,
        [],
    )

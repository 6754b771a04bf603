"""How many replicas: the algorithm of Kubernetes, on its documented cases."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.manifests.findings import Source
from gonogo.manifests.topology import Autoscaler, Scaling, ScalingPolicy
from gonogo.platforms.autoscaling import PodUsage, Scaler

FREE = Scaling(0.0, (ScalingPolicy("Percent", 10_000, 15),))
AT_ONCE = Autoscaler("shop", "iris", "iris", Source("iris.yaml", 1), 1, 20, 0.5, FREE, Scaling(0.0, FREE.policies))


def _pods(*cpu: float | None, request: float = 0.2, unready: int = 0) -> list[PodUsage]:
    return [
        *(PodUsage(each, request) for each in cpu),
        *(PodUsage(None, request, ready=False) for _ in range(unready)),
    ]


def _decided(autoscaler: Autoscaler, replicas: int, pods: list[PodUsage]) -> int:
    return Scaler(autoscaler).decide(0.0, replicas, pods).replicas


def test_twice_the_target_doubles() -> None:
    """The example of the documentation: a value of 200m where 100m is wanted doubles the replicas."""
    assert _decided(AT_ONCE, 3, _pods(0.2, 0.2, 0.2)) == 6


def test_half_of_the_target_halves() -> None:
    """The other half of that example: 50m where 100m is wanted."""
    assert _decided(AT_ONCE, 4, _pods(0.05, 0.05, 0.05, 0.05)) == 2


@pytest.mark.parametrize("cpu", [0.0905, 0.1, 0.1095])
def test_within_the_tolerance_nothing_happens(cpu: float) -> None:
    """A ratio within 10 % of 1 is no reason to scale."""
    assert _decided(AT_ONCE, 3, _pods(cpu, cpu, cpu)) == 3


def test_a_part_of_a_replica_is_a_whole_one() -> None:
    """Rounded up: 3 replicas at 120 % of the target are 4."""
    assert _decided(AT_ONCE, 3, _pods(0.12, 0.12, 0.12)) == 4


def test_pods_that_are_not_ready_damp_scaling_up() -> None:
    """They count as idle: two at three times the target and one that starts are 3 · 2 = 6 shares over 3 Pods."""
    assert _decided(AT_ONCE, 3, _pods(0.3, 0.3, unready=1)) == 6
    assert _decided(AT_ONCE, 2, _pods(0.3, 0.3)) == 6
    assert _decided(AT_ONCE, 4, _pods(0.11, 0.12, unready=2)) == 4


def test_pods_that_are_not_measured_damp_scaling_down() -> None:
    """They count as if they used all that they request."""
    assert _decided(AT_ONCE, 4, _pods(0.02, 0.02, 0.02, 0.02)) == 1
    assert _decided(AT_ONCE, 4, _pods(0.02, 0.02, 0.02, None)) == 3


def test_nothing_measured_changes_nothing() -> None:
    """Without a figure there is no decision, and it says so."""
    decision = Scaler(AT_ONCE).decide(0.0, 2, _pods(None, None))
    assert decision.replicas == 2
    assert math.isnan(decision.utilization)
    assert "no Pod was measured" in decision.reason


def test_bounds_hold() -> None:
    """Never fewer than minReplicas, never more than maxReplicas."""
    bounded = replace(AT_ONCE, least=2, most=5)
    assert _decided(bounded, 4, _pods(*[0.2] * 4)) == 5
    assert _decided(bounded, 4, _pods(*[0.01] * 4)) == 2


def test_scaling_down_waits_for_its_window() -> None:
    """The highest recommendation of the last five minutes counts."""
    scaler = Scaler(replace(AT_ONCE, down=Scaling(300.0, FREE.policies)))
    assert scaler.decide(0, 4, _pods(*[0.1] * 4)).replicas == 4
    decision = scaler.decide(15, 4, _pods(*[0.02] * 4))
    assert decision.replicas == 4
    assert "stabilized at 4" in decision.reason
    assert scaler.decide(301, 4, _pods(*[0.02] * 4)).replicas == 1


def test_policies_limit_the_pace() -> None:
    """By default 4 Pods or twice as many in 15 s, whichever is more."""
    usual = Scaling(0.0, (ScalingPolicy("Pods", 4, 15), ScalingPolicy("Percent", 100, 15)))
    scaler = Scaler(replace(AT_ONCE, up=usual))
    assert scaler.decide(0, 1, _pods(0.2 * 20)).replicas == 5
    assert scaler.decide(5, 5, _pods(*[0.8] * 5)).replicas == 5, "the same 15 s"
    assert scaler.decide(16, 5, _pods(*[0.8] * 5)).replicas == 10


def test_a_disabled_direction_does_not_scale() -> None:
    """selectPolicy: Disabled."""
    held = replace(AT_ONCE, up=Scaling(0.0, FREE.policies, "Disabled"))
    assert _decided(held, 2, _pods(0.2, 0.2)) == 2


@given(
    cpu=st.lists(st.floats(0, 5), min_size=1, max_size=10),
    unready=st.integers(0, 5),
    unknown=st.integers(0, 5),
)
def test_every_decision_lies_within_the_bounds(cpu: list[float], unready: int, unknown: int) -> None:
    """Whatever is measured."""
    pods = [*_pods(*cpu, unready=unready), *[PodUsage(None, 0.2)] * unknown]
    assert 1 <= _decided(AT_ONCE, len(pods), pods) <= 20

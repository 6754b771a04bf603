"""HorizontalPodAutoscalers to values."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from gonogo.manifests.topology import Autoscaler, Scaling, ScalingPolicy
from tests.manifests.conftest import Built, Checked

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: iris}
spec:
  selector: {matchLabels: {app: iris}}
  template:
    metadata: {labels: {app: iris}}
    spec:
      containers: [{name: iris, image: "iris:1", resources: {requests: {cpu: 500m}}}]
---
"""
CPU_70 = "metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]"


def _hpa(spec: str, version: str = "autoscaling/v2") -> str:
    head = f"apiVersion: {version}\nkind: HorizontalPodAutoscaler\nmetadata: {{name: iris}}\nspec:\n"
    target = "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: iris}\n"
    return DEPLOYMENT + head + indent(target + dedent(spec).strip() + "\n", "  ")


def _only(built: Built, text: str) -> Autoscaler:
    (found,) = built(text).require().autoscalers
    return found


def test_the_defaults_are_those_of_kubernetes(built: Built) -> None:
    """80 %, at least one replica, up at once by 4 or 100 % in 15 s, down after 5 minutes."""
    found = _only(built, _hpa("maxReplicas: 10"))
    assert (found.workload, found.least, found.most, found.cpu) == ("iris", 1, 10, 0.8)
    assert found.up == Scaling(0, (ScalingPolicy("Pods", 4, 15), ScalingPolicy("Percent", 100, 15)))
    assert found.down == Scaling(300, (ScalingPolicy("Percent", 100, 15),))


@pytest.mark.parametrize(
    ("version", "spec"),
    [
        ("autoscaling/v2", f"maxReplicas: 10\n{CPU_70}"),
        ("autoscaling/v2beta2", f"maxReplicas: 10\n{CPU_70}"),
        ("autoscaling/v1", "maxReplicas: 10\ntargetCPUUtilizationPercentage: 70"),
    ],
)
def test_every_version_says_its_target(built: Built, version: str, spec: str) -> None:
    """v2, v2beta2, which is converted, and v1 with its own field."""
    assert _only(built, _hpa(spec, version)).cpu == pytest.approx(0.7)


def test_v2beta2_is_converted_with_a_notice(checked: Checked) -> None:
    """Clusters refuse it since 1.26."""
    (finding,) = [each for each in checked(_hpa("maxReplicas: 2", "autoscaling/v2beta2")) if "version" in each.rule]
    assert finding.rule == "api-version-converted"


def test_behavior_is_read(built: Built) -> None:
    """Windows, policies, selection and tolerance of each direction."""
    found = _only(
        built,
        _hpa(
            """
            maxReplicas: 10
            behavior:
              scaleUp:
                stabilizationWindowSeconds: 5
                tolerance: 50m
                policies: [{type: Pods, value: 1, periodSeconds: 2}]
              scaleDown: {selectPolicy: Disabled}
            """
        ),
    )
    assert found.up == Scaling(5, (ScalingPolicy("Pods", 1, 2),), "Max", 0.05)
    assert found.down.select == "Disabled"


def test_fewer_at_most_than_at_least_is_refused(checked: Checked) -> None:
    """As Kubernetes does."""
    findings = checked(_hpa("maxReplicas: 2\nminReplicas: 3"))
    assert [each.rule for each in findings if "Replicas" in each.field] == ["field-value"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (_hpa("maxReplicas: 2").replace("Deployment, name: iris", "Deployment, name: other"), "autoscaler-target"),
        (_hpa("maxReplicas: 2").replace("requests: {cpu: 500m}", "requests: {memory: 1Gi}"), "autoscaler-request"),
        (_hpa(f"maxReplicas: 2\n{CPU_70.replace('cpu', 'memory')}"), "autoscaler-metric"),
    ],
)
def test_what_cannot_scale_is_a_finding_and_no_autoscaler(checked: Checked, built: Built, text: str, rule: str) -> None:
    """Its target is not there, requests no CPU, or another metric decides."""
    assert rule in {each.rule for each in checked(text)}
    assert built(text).topology.autoscalers == ()

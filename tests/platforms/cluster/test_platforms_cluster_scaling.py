"""Autoscalers in a real cluster: they act as the cluster does it, and without a metrics API it is said so."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from gonogo.platforms.cluster import ClusterPlatform
from gonogo.platforms.cluster.access import connect, current_context
from gonogo.platforms.cluster.applying import Kinds
from gonogo.platforms.cluster.scaling import METRICS
from gonogo.suite.autoscaling import autoscaling_of
from gonogo.suite.facts import Facts
from gonogo.verdicts.verdict import Outcome
from gonogo.wiring import read_manifests
from tests.contracts.waiting import eventually

STACK = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: {namespace}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: {image}
          resources: {{requests: {{cpu: 10m}}}}
          ports: [{{containerPort: 8000}}]
          readinessProbe: {{httpGet: {{path: /health, port: 8000}}, periodSeconds: 1}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: web, namespace: {namespace}}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
  minReplicas: 2
  maxReplicas: 3
  metrics: [{{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 70}}}}}}]
"""


def test_without_a_metrics_api_scaling_out_is_not_tested(
    cluster: ClusterPlatform, echo_image: str, tmp_path: Path
) -> None:
    """The cluster keeps ``minReplicas``, which is seen; what is claimed of scaling under load is INCONCLUSIVE."""
    if Kinds(connect([current_context()])).find(METRICS, "PodMetrics") is not None:
        pytest.skip(f"this cluster has a metrics API ({METRICS})")
    file = tmp_path / "web.yaml"
    file.write_text(STACK.format(namespace=f"hpa-{secrets.token_hex(3)}", image=echo_image), encoding="utf-8")
    topology = read_manifests([file]).topology
    with cluster.start(topology, workdir=tmp_path / "stack", ready_timeout_s=60.0) as running:
        scaling = autoscaling_of(running, 15.0)
        assert scaling is not None
        [scaled] = eventually(lambda: scaling.events, 90.0)
        assert (scaled.before, scaled.after) == (1, 2)
        judged = Facts("a test", lambda _: None).require("scaling.replicas_ready >= 2", 2, unless=scaling.untested)
    [verdict] = judged.verdicts
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert f"the cluster has no metrics API ({METRICS})" in verdict.reason

"""HorizontalPodAutoscalers to values, with the defaults and the refusals of Kubernetes.

https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gonogo.manifests.findings import Severity
from gonogo.manifests.fit import FIELD_VALUE
from gonogo.manifests.objects import Object
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.schema_autoscaler import parse_tolerance
from gonogo.manifests.shape import Fields
from gonogo.manifests.topology import Autoscaler, Scaling, ScalingPolicy
from gonogo.manifests.workload import PlacedWorkload

__all__ = ["RULES", "autoscaler"]

AUTOSCALER_TARGET: Final = Rule("autoscaler-target", Severity.ERROR, "an autoscaler scales no Deployment")
AUTOSCALER_REQUEST: Final = Rule("autoscaler-request", Severity.ERROR, "an autoscaler has no CPU request to measure by")
AUTOSCALER_METRIC: Final = Rule(
    "autoscaler-metric", Severity.WARNING, "an autoscaler does not scale by CPU utilization"
)
RULES: Final = (AUTOSCALER_TARGET, AUTOSCALER_REQUEST, AUTOSCALER_METRIC)

_CPU: Final = 80
"""Of autoscaling/v2 without metrics, and of v1 without a target."""

_UP: Final = Scaling(0.0, (ScalingPolicy("Pods", 4, 15.0), ScalingPolicy("Percent", 100, 15.0)))
_DOWN: Final = Scaling(300.0, (ScalingPolicy("Percent", 100, 15.0),))


def autoscaler(entry: Object, workloads: Sequence[PlacedWorkload]) -> Autoscaler | None:
    """Return the autoscaler that ``entry`` declares; None, with a finding, when it scales nothing that runs here.

    Args:
        entry: a HorizontalPodAutoscaler of autoscaling/v2 or v1.
        workloads: what may be scaled.
    """
    spec, place = entry.fields.get("spec", {}), entry.place / "spec"
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 1)
    if least > most:
        (place / "maxReplicas").report(
            FIELD_VALUE, f"{most} is below minReplicas {least}: Kubernetes refuses it", "write at least minReplicas"
        )
        return None
    target = _target(entry, spec, place, workloads)
    cpu = _utilization(spec, place)
    if target is None or cpu is None or not _measurable(target, place):
        return None
    behavior = spec.get("behavior", {})
    return Autoscaler(
        namespace=entry.namespace,
        name=entry.name,
        workload=target.workload.name,
        source=entry.place.document.source,
        least=least,
        most=most,
        cpu=cpu / 100,
        up=_scaling(behavior.get("scaleUp", {}), _UP),
        down=_scaling(behavior.get("scaleDown", {}), _DOWN),
    )


def _target(entry: Object, spec: Fields, place: Place, workloads: Sequence[PlacedWorkload]) -> PlacedWorkload | None:
    reference = spec.get("scaleTargetRef", {})
    deployments = [each for each in workloads if each.selector and each.workload.namespace == entry.namespace]
    for each in deployments:
        if reference.get("kind") == "Deployment" and each.workload.name == reference.get("name"):
            return each
    known = ", ".join(each.workload.name for each in deployments) or "none"
    (place / "scaleTargetRef").report(
        AUTOSCALER_TARGET,
        f"there is no {reference.get('kind')} {entry.namespace}/{reference.get('name')}: replicas stay as they are",
        f"name a Deployment of the namespace; it has: {known}",
    )
    return None


def _utilization(spec: Fields, place: Place) -> int | None:
    """Return the target in percent; None, with a finding, when CPU utilization is none of the metrics."""
    if "targetCPUUtilizationPercentage" in spec or "metrics" not in spec:
        return int(spec.get("targetCPUUtilizationPercentage", _CPU))
    for metric in spec["metrics"]:
        resource = metric.get("resource", {})
        percent = resource.get("target", {}).get("averageUtilization")
        if metric.get("type") == "Resource" and resource.get("name") == "cpu" and percent is not None:
            return int(percent)
    (place / "metrics").report(
        AUTOSCALER_METRIC,
        "replicas stay as the Deployment says: only the utilization of cpu is measured here",
        "judge scaling by another metric on a cluster",
    )
    return None


def _measurable(target: PlacedWorkload, place: Place) -> bool:
    silent = [each.name for each in target.workload.containers if not each.resources.cpu_request]
    if silent:
        (place / "scaleTargetRef").report(
            AUTOSCALER_REQUEST,
            f"containers without a CPU request ({', '.join(silent)}): the utilization cannot be computed, and replicas"
            " stay as they are",
            "set resources.requests.cpu of every container",
        )
    return not silent


def _scaling(fields: Fields, usual: Scaling) -> Scaling:
    policies = tuple(
        ScalingPolicy(each["type"], each["value"], float(each["periodSeconds"])) for each in fields.get("policies", ())
    )
    return Scaling(
        window_s=float(fields.get("stabilizationWindowSeconds", usual.window_s)),
        policies=policies or usual.policies,
        select=fields.get("selectPolicy", "Max"),
        tolerance=parse_tolerance(fields["tolerance"]) if "tolerance" in fields else usual.tolerance,
    )

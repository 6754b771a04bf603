"""The fields of HorizontalPodAutoscaler (autoscaling/v2 and v1).

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
"""

from __future__ import annotations

from typing import Final

from gonogo.errors import GrammarError
from gonogo.manifests import notes
from gonogo.manifests.names import dns_subdomain
from gonogo.manifests.quantity import parse_amount
from gonogo.manifests.schema import object_of
from gonogo.manifests.shape import Amount, Anything, Field, Listing, Number, Shape, Struct, Text, need, noted, read

__all__ = ["AUTOSCALER", "AUTOSCALER_V1", "parse_tolerance"]

_LONGEST_WINDOW_S: Final = 3600
_LONGEST_PERIOD_S: Final = 1800


def parse_tolerance(text: str | float) -> float:
    """Return a tolerance, a quantity from 0 to 1.

    Raises:
        GrammarError: it is none.
    """
    value = float(parse_amount(text))
    if not 0 <= value <= 1:
        raise GrammarError(f"a tolerance of {value:g}", mend="write a share from 0 to 1, such as 0.1")
    return value


_SCALING: Final = Struct(
    {
        "stabilizationWindowSeconds": read(Number(high=_LONGEST_WINDOW_S)),
        "selectPolicy": read(Text(choices=("Max", "Min", "Disabled"))),
        "tolerance": read(Amount(parse_tolerance)),
        "policies": read(
            Listing(
                Struct(
                    {
                        "type": need(Text(choices=("Pods", "Percent"))),
                        "value": need(Number(1)),
                        "periodSeconds": need(Number(1, _LONGEST_PERIOD_S)),
                    }
                )
            )
        ),
    }
)
_TARGET: Final = Struct(
    {
        "type": need(Text(choices=("Utilization", "AverageValue", "Value"))),
        "averageUtilization": read(Number(1)),
        "averageValue": read(Anything()),
        "value": read(Anything()),
    }
)
_METRIC: Final = Struct(
    {
        "type": need(Text(choices=("Resource", "ContainerResource", "Pods", "Object", "External"))),
        "resource": read(Struct({"name": need(Text()), "target": need(_TARGET)})),
        **noted(notes.OTHER_METRIC, "containerResource", "pods", "object", "external"),
    }
)
_REFERENCE: Final = Struct({"kind": need(Text()), "name": need(Text()), "apiVersion": read(Text())})


def _autoscaler(**metric: Shape) -> Struct:
    spec = {
        "scaleTargetRef": need(_REFERENCE),
        "minReplicas": read(Number(1)),
        "maxReplicas": need(Number(1)),
        **{name: read(shape) for name, shape in metric.items()},
    }
    return object_of(dns_subdomain, status=Field(Anything()), spec=need(Struct(spec)))


AUTOSCALER: Final = _autoscaler(
    metrics=Listing(_METRIC), behavior=Struct({"scaleUp": read(_SCALING), "scaleDown": read(_SCALING)})
)
AUTOSCALER_V1: Final = _autoscaler(targetCPUUtilizationPercentage=Number(1))

"""DestinationRules: subsets, and what holds for the connections to a Service."""

from __future__ import annotations

from gonogo.manifests.host import Host, resolve
from gonogo.manifests.objects import Object
from gonogo.mesh.istio.traffic import traffic, traffic_by_port
from gonogo.mesh.policy.origin import origin
from gonogo.mesh.policy.ruling import Ruling, Subset

__all__ = ["destination_rule", "ruled_host"]


def ruled_host(entry: Object) -> Host | None:
    """Return the Service that a DestinationRule is for."""
    return resolve(entry.fields.get("spec", {}).get("host", ""), entry.namespace)


def destination_rule(entry: Object, host: Host) -> Ruling:
    """Return what a DestinationRule says about ``host``, without routes."""
    spec = entry.fields["spec"]
    policy = spec.get("trafficPolicy", {})
    return Ruling(
        host,
        traffic=traffic(policy),
        ports=traffic_by_port(policy),
        subsets=tuple(
            Subset(
                name=subset.get("name", ""),
                labels=subset.get("labels", {}),
                traffic=traffic(subset.get("trafficPolicy", {})),
                ports=traffic_by_port(subset.get("trafficPolicy", {})),
            )
            for subset in spec.get("subsets", ())
        ),
        origin=origin(entry.place / "spec"),
    )

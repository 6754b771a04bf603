"""DestinationRules: subsets, and what holds for the connections to a Service."""

from __future__ import annotations

from gonogo.errors import GrammarError
from gonogo.manifests.host import Host, resolve
from gonogo.manifests.objects import Object
from gonogo.manifests.overflow import overflow_text, read_overflow
from gonogo.manifests.rejection import read_rejection, rejection_text
from gonogo.mesh.istio.traffic import traffic, traffic_by_port
from gonogo.mesh.policy.destination import Destination
from gonogo.mesh.policy.origin import origin
from gonogo.mesh.policy.rejection import Rejection
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
        rejection=_rejection(entry),
        overflow=_overflow(entry),
        origin=origin(entry.place / "spec"),
    )


def _overflow(entry: Object) -> Destination | None:
    text = overflow_text(entry)
    try:
        said = read_overflow(text, entry.namespace) if text is not None else None
    except GrammarError:  # a check has reported it
        return None
    return Destination(said.host, said.port) if said else None


def _rejection(entry: Object) -> Rejection | None:
    text = rejection_text(entry)
    try:
        said = read_rejection(text) if text is not None else None
    except GrammarError:  # a check has reported it
        return None
    return Rejection(said.status, said.body, said.content_type, said.retry_after_s) if said else None

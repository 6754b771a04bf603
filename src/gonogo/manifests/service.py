"""Services: their ports and the labels of the Pods behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gonogo.manifests.findings import Severity
from gonogo.manifests.fit import FIELD_MISSING
from gonogo.manifests.notes import CLUSTER_ADDRESS, FIELD_NOT_HONOURED
from gonogo.manifests.objects import Object
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.topology import Service, ServicePort

__all__ = ["RULES", "PlacedService", "service"]

SERVICE_EXTERNAL: Final = Rule("service-external", Severity.ERROR, "a Service stands for a host outside the stack")
RULES: Final = (SERVICE_EXTERNAL,)


@dataclass(frozen=True, slots=True)
class PlacedService:
    """A Service with what checks need beside it.

    Attributes:
        place: the root of its object.
        indices: the positions of its ports in the manifest.
        external: it stands for a host outside the stack.
    """

    service: Service
    place: Place = field(repr=False)
    indices: tuple[int, ...] = ()
    external: bool = False

    def each_port(self) -> list[tuple[ServicePort, Place]]:
        """Return its ports, each with its place."""
        places = (self.place / "spec" / "ports" / i for i in self.indices)
        return list(zip(self.service.ports, places, strict=True))


def service(entry: Object) -> PlacedService:
    """Return the Service that ``entry`` declares."""
    spec = entry.fields.get("spec", {})
    place = entry.place / "spec"
    headless = spec.get("clusterIP") == "None"
    kind = spec.get("type", "ClusterIP")
    declared = spec.get("ports", ())
    if kind == "ExternalName":
        (place / "type").report(
            SERVICE_EXTERNAL,
            f"{spec.get('externalName') or 'the host'} is not part of the stack, and its name is not redirected",
            "declare what answers for it as a Deployment and a Service",
        )
    elif kind != "ClusterIP":
        (place / "type").report(CLUSTER_ADDRESS.rule, CLUSTER_ADDRESS.consequence, CLUSTER_ADDRESS.mend)
    if not declared and not headless and kind != "ExternalName" and entry.fields.get("spec"):
        (place / "ports").report(FIELD_MISSING, "Kubernetes refuses a Service without ports", "add ports:")
    usable = [(i, port) for i, port in enumerate(declared) if "port" in port]
    for i, port in usable:
        _whole(port, len(declared), place / "ports" / i)
    value = Service(
        namespace=entry.namespace,
        name=entry.name,
        ports=tuple(
            ServicePort(
                port=port["port"],
                target_port=port.get("targetPort", port["port"]),
                name=port.get("name", ""),
                protocol=port.get("protocol", "TCP"),
            )
            for _, port in usable
        ),
        selector=spec.get("selector", {}),
        source=entry.place.document.source,
        headless=headless,
    )
    return PlacedService(value, entry.place, tuple(i for i, _ in usable), kind == "ExternalName")


def _whole(port: dict[str, object], siblings: int, place: Place) -> None:
    if siblings > 1 and not port.get("name"):
        (place / "name").report(FIELD_MISSING, "Kubernetes refuses several ports without names", "name every port")
    protocol = port.get("protocol", "TCP")
    if protocol != "TCP":
        (place / "protocol").report(
            FIELD_NOT_HONOURED, f"only TCP is carried: {protocol} does not arrive", "judge it on a cluster"
        )

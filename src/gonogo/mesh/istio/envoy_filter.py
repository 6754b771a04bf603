"""EnvoyFilters for Istio: what annotations declare and Istio's own objects have no field for.

https://istio.io/latest/docs/reference/config/networking/envoy-filter/
"""

from __future__ import annotations

from typing import Final

from gonogo.mesh.envoy.form import text
from gonogo.mesh.istio.overflow import overflow_patches
from gonogo.mesh.istio.rejection import rejection_patches
from gonogo.mesh.istio.sticky import sticky_patches
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Sidecar

__all__ = ["envoy_filters"]

_API: Final = "networking.istio.io/v1alpha3"


def envoy_filters(policy: Policy, sidecar: Sidecar) -> str:
    """Return the EnvoyFilters, as YAML, that carry out under Istio what ``policy`` says beyond Istio's objects.

    These are sticky splits, the breaker's own answer, and where requests go that it turns away. Empty where there is
    none of them. They act for the clients in the Service's own namespace; put a copy into the namespace of every other
    client, or one into Istio's root namespace.

    Raises:
        UsageError: a sticky route among several has no name by which the filter could find it.
    """
    made = []
    for ruling in policy.rulings:
        ports = [outlet.port for outlet in sidecar.outlets if outlet.host == ruling.host]
        for purpose, patches in (
            ("sticky", [patch for port in ports for patch in sticky_patches(ruling, port)]),
            ("rejection", [patch for port in ports for patch in rejection_patches(ruling, port)]),
            ("overflow", [patch for port in ports for patch in overflow_patches(ruling, port, sidecar)]),
        ):
            if patches:
                metadata = {"name": f"{ruling.host.name}-{purpose}", "namespace": ruling.host.namespace}
                spec = {"configPatches": patches}
                made.append({"apiVersion": _API, "kind": "EnvoyFilter", "metadata": metadata, "spec": spec})
    return "---\n".join(text(one) for one in made)

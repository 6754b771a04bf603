"""How this machine reaches Pods: at their own addresses where a route leads there, at a NodePort elsewhere.

A port-forward is no path for load: it is one connection through the API server, which would be measured with it.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from typing import Final

from gonogo.errors import EnvironmentFault
from gonogo.manifests.topology import Service
from gonogo.platforms.cluster.api import Api
from gonogo.platforms.interface import Endpoint

__all__ = ["NodePorts", "await_routing", "connects"]

_TRY_S: Final = 2.0
_LOOK_S: Final = 0.1
_ROUTING_S: Final = 4.0
_OUTSIDE: Final = "-gonogo-outside"
_NAME_ROOM: Final = 63 - len(_OUTSIDE)


def connects(endpoint: Endpoint, timeout_s: float = _TRY_S) -> bool:
    """Whether a TCP connection to ``endpoint`` comes about."""
    try:
        with socket.create_connection((endpoint.host, endpoint.port), timeout=timeout_s):
            return True
    except OSError:
        return False


def await_routing(
    addresses: Sequence[Endpoint],
    within_s: float = _ROUTING_S,
    *,
    clock: Callable[[], float] = time.monotonic,
    try_one: Callable[[Endpoint], bool] = lambda endpoint: connects(endpoint, _LOOK_S),
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Return when every one of the Services' cluster addresses takes connections, or after ``within_s``.

    A Pod is ready a moment before the nodes route its Services to it (kube-proxy gathers changes for a second). If no
    route leads from here to the cluster's addresses, nobody can look, and the time itself is the wait.
    """
    deadline = clock() + within_s
    waiting = list(addresses)
    while waiting and clock() < deadline:
        waiting = [endpoint for endpoint in waiting if not try_one(endpoint)]
        if waiting:
            pause(_LOOK_S)


class NodePorts:
    """Services beside the declared ones, of type NodePort, by which Pods are reached from outside of the cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._ports: dict[tuple[str, str], dict[int, int]] = {}
        self._addresses: tuple[str, ...] = ()

    def open(self, service: Service, namespace: str) -> None:
        """Make one for ``service``, which stands in ``namespace``.

        Raises:
            EnvironmentFault: the API server refuses it.
        """
        name = f"{service.name[:_NAME_ROOM]}{_OUTSIDE}"
        ports = [
            {"name": f"p{port.port}", "port": port.port, "targetPort": port.target_port, "protocol": port.protocol}
            for port in service.ports
        ]
        body = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"type": "NodePort", "selector": dict(service.selector), "ports": ports},
        }
        made = self._api.apply(f"/api/v1/namespaces/{namespace}/services/{name}", body)
        self._ports[service.namespace, service.name] = {
            each["port"]: each["nodePort"] for each in made["spec"]["ports"]
        }

    def endpoints(self, service: Service, port: int) -> tuple[Endpoint, ...]:
        """Return where a node takes connections for ``port`` of ``service``.

        Raises:
            EnvironmentFault: no node does.
        """
        number = self._ports[service.namespace, service.name][port]
        if not self._addresses:
            listed = self._api.get("/api/v1/nodes").get("items") or ()
            candidates = [
                address["address"]
                for node in listed
                for kind in ("ExternalIP", "InternalIP")
                for address in node["status"].get("addresses") or ()
                if address["type"] == kind
            ]
            self._addresses = _first(candidates, number)
            if not self._addresses:
                raise EnvironmentFault(
                    f"this machine reaches neither the Pods nor port {number} of a node ({', '.join(candidates)})",
                    where=str(service),
                    mend="run where the cluster's nodes can be reached (the same network, or a VPN)",
                )
        return tuple(Endpoint(address, number) for address in self._addresses)


def _first(addresses: Sequence[str], port: int) -> tuple[str, ...]:
    return next(((address,) for address in addresses if connects(Endpoint(address, port))), ())

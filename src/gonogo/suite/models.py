"""Which model each Service of a stack serves, by its own ``GET /metadata``: ``model`` and ``model_sha256``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import httpx

from gonogo.errors import StackError
from gonogo.manifests.topology import HttpGet, Service, Topology
from gonogo.platforms.interface import RunningStack

__all__ = ["ServedModel", "served_models", "told_model"]

_TIMEOUT_S: Final = 2.0
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model by name and SHA-256."""

    name: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name} {self.sha256}".strip()


def served_models(running: RunningStack) -> dict[str, ServedModel]:
    """Return the models of the Services that tell theirs, by ``namespace/name``.

    A Service is asked where its readiness probe asks by HTTP, at one replica; one that does not answer in two seconds,
    or says something else, is left out.
    """
    found: dict[str, ServedModel] = {}
    with httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as client:
        for service in running.topology.services:
            port = _http_port(running.topology, service)
            if port is None:
                continue
            try:
                endpoint = running.endpoints(service, port)[0]
            except (StackError, IndexError):
                continue
            model = told_model(client, f"http://{endpoint.host}:{endpoint.port}/metadata")
            if model is not None:
                found[f"{service.namespace}/{service.name}"] = model
    return found


def told_model(client: httpx.Client, url: str) -> ServedModel | None:
    """Return the model that ``GET url`` tells of; None when it tells of none."""
    try:
        told = client.get(url).json()
    except (httpx.HTTPError, ValueError):
        return None
    sha256 = told.get("model_sha256") if isinstance(told, dict) else None
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        return None
    name = told.get("model")
    return ServedModel(name if isinstance(name, str) else "", sha256)


def _http_port(topology: Topology, service: Service) -> int | None:
    """Return the port of the Service that leads to where the readiness probe asks by HTTP."""
    for workload in topology.behind(service):
        for container in workload.containers:
            if container.readiness is None or not isinstance(container.readiness.action, HttpGet):
                continue
            names = {port.name: port.container_port for port in container.ports}
            asked = container.readiness.action.port
            number = names.get(asked) if isinstance(asked, str) else asked
            for port in service.ports:
                target = names.get(port.target_port) if isinstance(port.target_port, str) else port.target_port
                if target is not None and target == number:
                    return port.port
    return None

"""The Pod that stands for the load generator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gonogo.manifests.findings import Source

__all__ = ["Generator"]


@dataclass(frozen=True, slots=True)
class Generator:
    """A Pod annotated ``gonogo.dev/role: generator``: what the load generator may use, and what it shall send.

    Attributes:
        cpu: cores, from the first container's limit or else its request; None when silent.
        memory: bytes, likewise.
        files: what is mounted from ConfigMaps: absolute path in the Pod to content. Target files, bodies.
        annotations: of the Pod; those of a sidecar say what it shall be.
    """

    namespace: str
    name: str
    source: Source
    cpu: float | None = None
    memory: int | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

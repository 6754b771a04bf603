"""Where a stack in Docker is put: what its Pods need, what was made for them, and where its files are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Place", "PodPlan", "Sandbox"]


@dataclass(frozen=True, slots=True)
class PodPlan:
    """What one Pod needs before its containers run.

    Attributes:
        name: ``namespace/workload/ordinal``.
        ports: TCP ports that this machine reaches it at.
        volumes: its emptyDirs, by name: the folders in them that are mounted by themselves.
    """

    name: str
    hostname: str
    search: tuple[str, ...]
    aliases: tuple[str, ...]
    ports: tuple[int, ...]
    volumes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A Pod's network as it runs.

    Attributes:
        container: id of the container that holds it.
        address: in the stack's network.
        ports: port of the Pod to port on 127.0.0.1.
        volumes: emptyDir to the Docker volume and its folder on this machine.
    """

    container: str
    address: str
    ports: Mapping[int, int]
    volumes: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack is put.

    Attributes:
        stack: its id.
        workdir: folder for logs and for the files of ConfigMaps and Secrets.
        labels: on everything that is made.
        read_only: images that need no writable root file system.
        stand_ins: image of the manifests to the image that runs in its place.
        grace_cap_s: longest grace time; None: what the manifests say.
    """

    stack: str
    workdir: str
    labels: Mapping[str, str]
    read_only: frozenset[str] = frozenset()
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    grace_cap_s: float | None = None

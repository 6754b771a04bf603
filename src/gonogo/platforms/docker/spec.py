"""What the keeper of a stack in Docker is told: the supervisor's values, and how each container is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gonogo.platforms.process.spec import ContainerSpec, ForwardSpec, StackSpec

__all__ = ["LOST", "REMOVED", "Booth", "DockerContainerSpec", "DockerStackSpec", "MountSpec"]

LOST = "the Docker daemon went away"
"""In a problem, it says that it is the machine's and not the service's."""

REMOVED = "was removed by somebody else"
"""Likewise: what the stack had made is gone, and neither gonogo nor the service did it."""


@dataclass(frozen=True, slots=True)
class MountSpec:
    """One mount of a container.

    Attributes:
        source: volume, or absolute path on this machine.
        kind: ``volume`` or ``bind``.
    """

    target: str
    source: str
    kind: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class DockerContainerSpec(ContainerSpec):
    """One container. ``argv`` and ``cwd`` of the parent are not used.

    Attributes:
        image: as the manifest writes it.
        pod: id of the container that holds the Pod's network.
        entrypoint: the manifest's ``command``; None: the image's own.
        args: the manifest's ``args``; None: the image's own.
        working_dir: empty: the image's own.
        read_only: its root file system cannot be written, and /tmp is in memory.
        labels: of everything that belongs to the stack.
    """

    image: str = ""
    pod: str = ""
    entrypoint: tuple[str, ...] | None = None
    args: tuple[str, ...] | None = None
    working_dir: str = ""
    mounts: tuple[MountSpec, ...] = ()
    read_only: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Booth:
    """A container that forwards for Services whose ports do not collide."""

    container: str
    forwards: tuple[ForwardSpec, ...]


@dataclass(frozen=True, slots=True)
class DockerStackSpec(StackSpec):
    """Everything that one keeper runs.

    Attributes:
        booths: the forwarders; ``forwards`` of the parent stays empty, ``forwarder`` is the command line of a relay.
        cgroups: version of the control groups that Docker uses.
    """

    booths: tuple[Booth, ...] = ()
    cgroups: int = 2

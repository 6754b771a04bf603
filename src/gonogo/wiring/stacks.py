"""Stacks: the platform that the settings name, a topology on it, the client's sidecar beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import urlsplit

from gonogo.errors import UsageError
from gonogo.manifests.topology import Topology
from gonogo.platforms import registry
from gonogo.platforms.interface import Platform, RunningStack
from gonogo.settings import IMAGE_FAMILIES, Settings
from gonogo.sidecar.order import SidecarOrder
from gonogo.suite.outlets import unclear_subsets
from gonogo.suite.placement import Placement, place
from gonogo.suite.traffic import Traffic
from gonogo.wiring.declared import Declared

__all__ = [
    "BuiltImage",
    "ImageBuilder",
    "attached",
    "build_images",
    "placement_for",
    "platform_for",
    "start_stack",
    "start_traffic",
]


def placement_for(topology: Topology, settings: Settings) -> Placement:
    """Share this machine's CPUs out between the generator that ``topology`` describes and its services."""
    return place(
        tuple(os.sched_getaffinity(0)),
        generator_cpu=max((one.cpu for one in topology.generators if one.cpu), default=None),
        generator=settings.generator_cores,
        services=settings.service_cores,
    )


def platform_for(
    settings: Settings, placement: Placement, *, announce: Callable[[str], None] = lambda _: None
) -> Platform:
    """Return the platform that ``settings`` name, with the settings that it needs.

    Args:
        settings: of the session.
        placement: who gets which CPU.
        announce: told what a person will have to wait for, such as an image that is built.

    Raises:
        AbsentPlatform: it needs something that is not installed.
    """
    name = "attached" if settings.attach else settings.platform
    told = {"announce": announce} if name in _ANNOUNCING else {}
    return registry.create(name, **_OPTIONS[name](settings, placement), **told)


_ANNOUNCING = frozenset({"docker"})
"""Platforms whose constructor takes ``announce``."""


def attached(settings: Settings) -> Mapping[str, str]:
    """Return the Services to attach to, each at a host that load may be sent to.

    Raises:
        UsageError: a host is neither loopback nor allowed.
    """
    for service, url in settings.attach.items():
        host = urlsplit(url).hostname or ""
        if host and not settings.allows(host):
            raise UsageError(
                f"load may not be sent to {host}",
                where=f"--gonogo-attach {service}",
                mend=f'if it is yours to load, allow it: [tool.gonogo] allow_hosts = ["{host}"]',
            )
    return settings.attach


_OPTIONS: Mapping[str, Callable[[Settings, Placement], Mapping[str, object]]] = {
    # What of the settings each platform's constructor takes.
    "attached": lambda settings, _: {"urls": attached(settings)},
    "process": lambda settings, placement: {
        "images": settings.commands,
        "cores": placement.services,
        "stop_timeout_s": settings.stop_timeout,
    },
    "docker": lambda settings, placement: {
        "base_image": settings.base_image,
        "families": IMAGE_FAMILIES,
        "cores": placement.services,
        "stop_timeout_s": settings.stop_timeout,
    },
    "cluster": lambda settings, _: {
        "allow_contexts": settings.allow_contexts,
        "images": settings.cluster_images,
        "stop_timeout_s": settings.stop_timeout,
    },
    "kind": lambda settings, _: {"cluster": settings.kind_cluster, "stop_timeout_s": settings.stop_timeout},
}


def start_stack(
    topology: Topology,
    settings: Settings,
    placement: Placement,
    workdir: Path,
    *,
    announce: Callable[[str], None] = lambda _: None,
) -> RunningStack:
    """Bring ``topology`` up on the platform of ``settings``.

    Raises:
        StackError: it does not come up; nothing is left running.
    """
    platform = platform_for(settings, placement, announce=announce)
    return platform.start(topology, workdir=workdir, ready_timeout_s=settings.ready_timeout)


def start_traffic(
    running: RunningStack,
    declared: Declared,
    order: SidecarOrder,
    *,
    proxy: str,
    placement: Placement,
    folder: Path,
) -> Traffic:
    """Start the client's sidecar beside ``running``, on the generator's CPUs.

    Raises:
        UsageError: it cannot be told which replicas a subset selects.
        MissingPart: the proxy is not installed.
        EnvironmentFault: it does not start.
    """
    if unclear := unclear_subsets(declared.policy, running):
        raise UsageError(
            f"it cannot be told which of the running replicas the subsets {', '.join(unclear)} select",
            where="--gonogo-attach",
            mend="judge the traffic rules on a stack that gonogo starts, or attach without them",
        )
    return Traffic(
        running,
        declared.policy,
        proxy,
        folder=folder,
        workers=order.workers or max(1, len(placement.generator)),
        cores=placement.generator,
        service_cores=placement.services,
    )


class ImageBuilder(Protocol):
    """A platform that makes the images that ship with gonogo."""

    def build_images(self, names: Sequence[str], version: str) -> tuple[BuiltImage, ...]:
        """Build those of ``names`` (all for none) that are missing or outdated."""
        ...


class BuiltImage(Protocol):
    """What became of one image: ``built`` or ``unchanged``, and its size in bytes."""

    image: str
    outcome: str
    size: int


def build_images(
    settings: Settings, names: Sequence[str], *, announce: Callable[[str], None]
) -> tuple[BuiltImage, ...]:
    """Make the shipped images called ``names``, all of them for none, where their sources have changed.

    Raises:
        AbsentPlatform: this machine has no Docker daemon.
        UsageError: a name is no shipped image's.
        EnvironmentFault: an image could not be built.
    """
    chosen = settings.model_copy(update={"platform": "docker", "attach": {}})
    builder = cast("ImageBuilder", platform_for(chosen, placement_for(Topology(), chosen), announce=announce))
    return builder.build_images(names, version("gonogo"))

"""Stacks: the platform that the settings name, a topology on it, the client's sidecar beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, Protocol, cast
from urllib.parse import urlsplit

from gonogo.errors import EnvironmentFault, UsageError
from gonogo.manifests.topology import Topology
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.policy import Policy
from gonogo.platforms import registry
from gonogo.platforms.interface import Platform, RunningStack
from gonogo.platforms.process.confine import confine, release
from gonogo.settings import IMAGE_FAMILIES, STAND_INS, Settings
from gonogo.sidecar.cage import FREE
from gonogo.sidecar.istio import IstioProxy, ProxyAddress
from gonogo.sidecar.order import SidecarOrder
from gonogo.suite.outlets import outlets_of, unclear_subsets
from gonogo.suite.placement import Placement, place
from gonogo.suite.rules import WrittenRules, written_rules_of
from gonogo.suite.traffic import Traffic
from gonogo.wiring.declared import Declared

__all__ = [
    "ISTIO",
    "BuiltImage",
    "ImageBuilder",
    "attached",
    "build_images",
    "carrier_for",
    "placement_for",
    "platform_for",
    "start_stack",
    "start_traffic",
    "unheeded",
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
        UsageError: it cannot take the load generator in, which the settings want inside.
    """
    name = "attached" if settings.attach else settings.platform
    if settings.generator == "inside" and name not in _HOSTS:
        raise UsageError(
            f"load cannot be sent from inside of the platform {name}",
            where="generator = inside",
            mend=f"choose one that can take the generator in ({', '.join(sorted(_HOSTS))}), or --gonogo-generator here",
        )
    told = {"announce": announce} if name in _ANNOUNCING else {}
    return registry.create(name, **_OPTIONS[name](settings, placement), **told)


ISTIO: Final = "istio"
"""Stands for an Istio proxy among what carries out traffic rules."""

_MESHED = frozenset({"cluster", "kind"})
"""Platforms that may have a mesh of their own."""

_HOSTS = frozenset({"cluster", "kind"})
"""Platforms whose stacks are a HostsGenerator."""

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
        "stand_ins": {glob: f"{name}:{version('gonogo')}" for glob, name in STAND_INS.items()},
        "cores": placement.services,
        "stop_timeout_s": settings.stop_timeout,
    },
    "cluster": lambda settings, _: {
        "allow_contexts": settings.allow_contexts,
        "images": settings.cluster_images,
        "stop_timeout_s": settings.stop_timeout,
        "generator_image": _generator_image(settings),
    },
    "kind": lambda settings, _: {
        "cluster": settings.kind_cluster,
        "stop_timeout_s": settings.stop_timeout,
        "generator_image": _generator_image(settings),
    },
}


def _generator_image(settings: Settings) -> str:
    """The image of the load generator, where that shall run inside of the stack; else nothing."""
    return f"gonogo/generator:{version('gonogo')}" if settings.generator == "inside" else ""


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
    istio_proxy: str = "",
) -> Traffic:
    """Have the traffic rules act on the load: start the client's sidecar beside ``running``, on the generator's CPUs.

    Args:
        running: the stack.
        declared: its manifests.
        order: what they want of the sidecar.
        proxy: ``envoy``, ``nginx``, or ``istio`` for an Istio proxy in place of a sidecar of gonogo's own.
        placement: who gets which CPU.
        folder: for the sidecar's files.
        istio_proxy: where the Istio proxy is.

    Raises:
        UsageError: it cannot be told which replicas a subset selects.
        MissingPart: the proxy is not installed.
        EnvironmentFault: it does not start.
    """
    if proxy != ISTIO and (unclear := unclear_subsets(declared.policy, running)):
        started = bool(running.replicas())
        raise UsageError(
            f"it cannot be told which of the running replicas the subsets {', '.join(unclear)} select",
            where="the addresses of the replicas" if started else "--gonogo-attach",
            mend="run where a route leads to each Pod's own address"
            if started
            else "judge the traffic rules on a stack that gonogo starts, or attach without them",
        )
    rules = written_rules_of(running, declared.client_namespace)
    cage = FREE if proxy == ISTIO else confine(order)
    try:
        return Traffic(
            running,
            declared.policy,
            proxy,
            rules=rules,
            istio=_istio_proxy(running, declared, rules, istio_proxy) if proxy == ISTIO else None,
            folder=folder,
            workers=order.workers or max(1, len(placement.generator)),
            cores=placement.generator,
            service_cores=placement.services,
            cage=cage,
        )
    except BaseException:
        release(cage)
        raise


def carrier_for(settings: Settings, asked: str = "") -> str:
    """Return what carries out the traffic rules: ``envoy``, ``nginx``, or ``istio``.

    Args:
        settings: of the session.
        asked: what a test asks for; empty for nothing special.

    Raises:
        UsageError: load may not be sent to the host of the Istio proxy.
    """
    if asked or not settings.istio_proxy or settings.attach or settings.platform not in _MESHED:
        return asked or settings.proxy
    host = ProxyAddress.parse(settings.istio_proxy).host
    if not settings.allows(host):
        raise UsageError(
            f"load may not be sent to {host}",
            where="istio_proxy",
            mend=f'if it is yours to load, allow it: [tool.gonogo] allow_hosts = ["{host}"]',
        )
    return ISTIO


def unheeded(policy: Policy) -> tuple[str, ...]:
    """Return a note for each part of ``policy`` for which Istio has no field, so that its proxy does not know it."""
    notes = []
    for ruling in policy.rulings:
        forwards = [route.action for route in ruling.routes or () if isinstance(route.action, Forward)]
        parts = {
            "gonogo.dev/rejection": ruling.rejection is not None,
            "gonogo.dev/overflow": ruling.overflow is not None,
            "gonogo.dev/sticky": any(forward.sticky is not None for forward in forwards),
        }
        notes += [
            f"{name} of {ruling.host} is unknown to Istio's proxy, unless an EnvoyFilter says the same"
            for name, there in parts.items()
            if there
        ]
    return tuple(notes)


def _istio_proxy(running: RunningStack, declared: Declared, rules: WrittenRules | None, where: str) -> IstioProxy:
    """Return the Istio proxy at ``where``, which carries out all rules of the manifests.

    Raises:
        EnvironmentFault: the platform does not hold all of them, or nothing takes connections there.
    """
    held = rules.names if rules is not None else frozenset()
    if left := [rule for rule in declared.policy.rules if rule not in held]:
        raise EnvironmentFault(
            f"Istio's proxy cannot carry out {', '.join(left)}: the cluster does not hold it",
            where="istio_proxy",
            mend="install Istio's resource definitions in the cluster, or leave out istio_proxy: the rules then act in"
            " gonogo's own sidecar",
        )
    return IstioProxy(ProxyAddress.parse(where), declared.policy, outlets_of(running))


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

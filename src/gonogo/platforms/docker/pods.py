"""Making what a stack's containers live in: its network, the Pods' own networks and volumes, and forwarders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import docker
from docker.models.containers import Container
from docker.types import Mount

import gonogo
from gonogo.manifests.topology import Service, Topology
from gonogo.platforms.docker.daemon import told
from gonogo.platforms.docker.labels import REPLICA, ROLE
from gonogo.platforms.docker.names import aliases
from gonogo.platforms.docker.pause import PAUSE_IMAGE, archive
from gonogo.platforms.docker.place import PodPlan, Sandbox
from gonogo.platforms.process import lean

__all__ = ["make_booth", "make_network", "make_pods"]

_AT_ONCE = 16
_SOURCE = "/gonogo"

T = TypeVar("T")
R = TypeVar("R")


def make_network(client: docker.DockerClient, stack: str, labels: Mapping[str, str]) -> str:
    """Make the network of a stack and return its name.

    Raises:
        EnvironmentFault: Docker has no addresses left for it.
    """
    name = f"gonogo-{stack}"
    with told("make a network for the stack"):
        client.networks.create(name, driver="bridge", labels=dict(labels))
    return name


def make_pods(
    client: docker.DockerClient, plans: Sequence[PodPlan], network: str, labels: Mapping[str, str]
) -> dict[str, Sandbox]:
    """Make and start what holds each Pod's network and volumes, several at once; by the Pods' names.

    Raises:
        EnvironmentFault: the machine has no room, or the daemon does not answer.
    """

    def make(plan: PodPlan) -> Sandbox:
        with told(f"make the Pod {plan.name}"):
            return _make_pod(client, plan, network, {**labels, REPLICA: plan.name})

    return dict(zip((plan.name for plan in plans), _at_once(make, plans), strict=True))


def make_booth(
    client: docker.DockerClient,
    services: Sequence[Service],
    topology: Topology,
    *,
    image: str,
    network: str,
    labels: Mapping[str, str],
) -> str:
    """Make a container that forwards for ``services`` and return its id; it is not started.

    It runs gonogo's own forwarder, with this machine's copy of it mounted, in any image with Python.
    """
    names = [name for service in services for name in aliases(service, topology)]
    root = Path(gonogo.__file__).parent.parent
    _, *words = lean.command("gonogo.platforms.process.forwarder.main")
    words[words.index(str(root))] = _SOURCE
    with told(f"make the forwarder of {', '.join(map(str, services))}"):
        made = client.containers.create(
            image,
            words,
            entrypoint=["python3"],
            name=f"{network}-forwarder-{services[0].namespace}-{services[0].name}",
            labels={**labels, ROLE: "forwarder"},
            network=network,
            networking_config={network: client.api.create_endpoint_config(aliases=names)},
            mounts=[Mount(f"{_SOURCE}/gonogo", str(root / "gonogo"), type="bind", read_only=True)],
            environment={"PYTHONDONTWRITEBYTECODE": "1"},
            read_only=True,
            user="65534:65534",
            cap_drop=["ALL"],
            sysctls={"net.ipv4.ip_unprivileged_port_start": "0"},
            stdin_open=True,
            log_config={"type": "none"},
        )
    return str(made.id)


def _make_pod(client: docker.DockerClient, plan: PodPlan, network: str, labels: Mapping[str, str]) -> Sandbox:
    name = f"{network}-{plan.name.replace('/', '-')}"
    volumes = {volume: client.volumes.create(f"{name}-{volume}", labels=dict(labels)) for volume in plan.volumes}
    container: Container = client.containers.create(
        PAUSE_IMAGE,
        name=name,
        hostname=plan.hostname,
        labels={**labels, ROLE: "pod"},
        network=network,
        networking_config={network: client.api.create_endpoint_config(aliases=list(plan.aliases))},
        dns_search=list(plan.search),
        ports={f"{port}/tcp": ("127.0.0.1", None) for port in plan.ports},
        mounts=[Mount(f"/volumes/{volume}", made.name, no_copy=True) for volume, made in volumes.items()],
        log_config={"type": "none"},
    )
    folders = [f"volumes/{volume}/{sub}".rstrip("/") for volume, subs in plan.volumes.items() for sub in ("", *subs)]
    if folders:
        # Whatever user an image has may write to an emptyDir.
        container.put_archive("/", archive(tuple(folders)))
    container.start()
    container.reload()
    settings = container.attrs["NetworkSettings"]
    return Sandbox(
        container=str(container.id),
        address=str(settings["Networks"][network]["IPAddress"]),
        ports={port: int(settings["Ports"][f"{port}/tcp"][0]["HostPort"]) for port in plan.ports},
        volumes={volume: (str(made.name), str(made.attrs["Mountpoint"])) for volume, made in volumes.items()},
    )


def _at_once(work: Callable[[T], R], things: Iterable[T]) -> list[R]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(work, things))

"""From a topology to Pods and containers in Docker: what is made before anything runs, and how each runs. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gonogo.manifests.topology import (
    ConfigMapVolume,
    Container,
    EmptyDirVolume,
    HttpGet,
    Port,
    Probe,
    TcpSocket,
    Topology,
    Workload,
)
from gonogo.platforms.docker.mounts import empty_folders, mounts, plan_files
from gonogo.platforms.docker.names import aliases, forwarded, search_list
from gonogo.platforms.docker.place import Place, PodPlan, Sandbox
from gonogo.platforms.docker.spec import DockerContainerSpec
from gonogo.platforms.process.addresses import replica_name
from gonogo.platforms.process.environment import PodFacts, field_value
from gonogo.platforms.process.naming import container_port
from gonogo.platforms.process.plan import StackPlan
from gonogo.platforms.process.spec import Backend, ForwardSpec, Listener, ReplicaSpec
from gonogo.platforms.process.volumes import FileSpec

__all__ = ["plan_forwards", "plan_pod", "plan_pods", "plan_replica", "plan_stack"]


def plan_pods(topology: Topology) -> tuple[PodPlan, ...]:
    """Return every Pod of ``topology``, those that an autoscaler may add included.

    Raises:
        ManifestError: a reference leads nowhere.
    """
    through = forwarded(topology)
    plans = []
    for workload in topology.workloads:
        selected = [service for service in topology.services if service.selects(workload)]
        ports = {
            **{each.container_port: None for container in workload.containers for each in _tcp(container)},
            **{
                container_port(each.target_port, workload, str(service.source)): None
                for service in selected
                for each in service.ports
                if each.protocol == "TCP"
            },
        }
        names = [name for service in selected if service not in through for name in aliases(service, topology)]
        plans += [
            replace(plan_pod(workload, ordinal), aliases=tuple(names), ports=tuple(ports))
            for ordinal in range(topology.most_replicas(workload))
        ]
    return tuple(plans)


def plan_pod(workload: Workload, ordinal: int) -> PodPlan:
    """Return the ``ordinal``-th Pod of ``workload``, called and reached by nobody."""
    return PodPlan(
        name=replica_name(workload, ordinal),
        hostname=_pod_name(workload, ordinal),
        search=search_list(workload.namespace),
        aliases=(),
        ports=(),
        volumes=empty_folders(workload),
    )


def plan_forwards(topology: Topology, sandboxes: Mapping[str, Sandbox]) -> dict[str, ForwardSpec]:
    """Return what is forwarded, by ``namespace/service``."""
    return {
        f"{service.namespace}/{service.name}": ForwardSpec(
            service=f"{service.namespace}/{service.name}",
            address="0.0.0.0",  # noqa: S104 - in the forwarder's own network, where nothing else listens
            listeners=tuple(
                Listener(
                    port.port,
                    tuple(
                        Backend(
                            name,
                            sandboxes[name].address,
                            container_port(port.target_port, workload, str(service.source)),
                        )
                        for workload in topology.behind(service)
                        for name in _names(topology, workload)
                    ),
                )
                for port in service.ports
                if port.protocol == "TCP"
            ),
        )
        for service in forwarded(topology)
    }


def plan_stack(topology: Topology, sandboxes: Mapping[str, Sandbox], place: Place) -> StackPlan:
    """Return how everything in ``topology`` runs.

    Raises:
        ManifestError: a reference leads nowhere.
    """
    templates = [job.template for job in (*topology.jobs, *(each.job for each in topology.cron_jobs))]
    files: dict[str, FileSpec] = {}
    secrets: dict[str, None] = {}
    notes: dict[str, None] = {}
    replicas: list[ReplicaSpec] = []
    reserve: list[ReplicaSpec] = []
    for workload in topology.workloads:
        files |= {file.path: file for file in plan_files(workload, place)}
        pods = [
            plan_replica(workload, ordinal, sandboxes[name], place)
            for ordinal, name in enumerate(_names(topology, workload))
        ]
        replicas += pods[: workload.replicas]
        reserve += pods[workload.replicas :]
    for workload in (*topology.workloads, *templates):
        secrets |= dict.fromkeys(_secrets(workload))
        notes |= dict.fromkeys(_notes(workload))
    return StackPlan(
        replicas=tuple(replicas),
        forwards=(),
        folders=(f"{place.workdir}/logs", f"{place.workdir}/volumes"),
        files=tuple(files.values()),
        ports=(),
        notes=tuple(notes),
        secrets=tuple(secrets),
        # What they tell counts (their grace time, for one); where they will run is not known yet.
        templates=tuple(plan_replica(each, 0, _nowhere(each), place) for each in templates),
        reserve=tuple(reserve),
    )


def plan_replica(workload: Workload, ordinal: int, sandbox: Sandbox, place: Place) -> ReplicaSpec:
    """Return how the ``ordinal``-th Pod of ``workload`` runs in ``sandbox``.

    Raises:
        ManifestError: a reference leads nowhere.
    """
    name = replica_name(workload, ordinal)

    def container(each: Container) -> DockerContainerSpec:
        return _container(workload, ordinal, each, sandbox, place)

    return ReplicaSpec(
        name=name,
        address=sandbox.address,
        log=f"{place.workdir}/logs/{name.replace('/', '_')}.log",
        containers=tuple(map(container, workload.containers)),
        init_containers=tuple(map(container, workload.init_containers)),
        restart_policy=workload.restart_policy,
        grace_s=workload.grace_s if place.grace_cap_s is None else min(workload.grace_s, place.grace_cap_s),
    )


def _container(
    workload: Workload, ordinal: int, container: Container, sandbox: Sandbox, place: Place
) -> DockerContainerSpec:
    where = f"{workload.source}: {workload} container {container.name}"
    image = place.stand_ins.get(container.image, container.image)
    pod = PodFacts(
        name=_pod_name(workload, ordinal),
        namespace=workload.namespace,
        address=sandbox.address,
        uid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{place.stack}/{replica_name(workload, ordinal)}")),
        labels=workload.labels,
        annotations=workload.annotations,
    )
    environment = {
        each.name: str(each.value) if each.field_path is None else field_value(each, pod, where)
        for each in container.env
    }
    return DockerContainerSpec(
        name=container.name,
        argv=(),
        env=tuple(environment.items()),
        cwd="/",
        ports=tuple(dict.fromkeys(each.container_port for each in _tcp(container))),
        readiness=_probe(container.readiness, workload, where),
        liveness=_probe(container.liveness, workload, where),
        startup=_probe(container.startup, workload, where),
        cpu_limit=container.resources.cpu_limit,
        memory_limit=container.resources.memory_limit,
        origin=f"image {image}",
        image=image,
        pod=sandbox.container,
        entrypoint=None if container.command is None else tuple(map(str, container.command)),
        args=tuple(map(str, container.args)) or None,
        working_dir=container.working_dir,
        mounts=tuple(mounts(workload, container, sandbox, place)),
        read_only=image in place.read_only,
        labels=place.labels,
    )


def _secrets(workload: Workload) -> Iterator[str]:
    for container in (*workload.init_containers, *workload.containers):
        yield from (str(each.value) for each in container.env if each.secret and each.value)
    for volume in workload.volumes:
        if isinstance(volume, ConfigMapVolume) and volume.secret:
            for content in volume.files.values():
                yield from (line for line in content.decode(errors="ignore").splitlines() if line.strip())


def _notes(workload: Workload) -> Iterator[str]:
    for volume in workload.volumes:
        if isinstance(volume, EmptyDirVolume) and volume.size_limit is not None:
            yield f"{workload}: the size limit of the volume {volume.name} is not enforced"


def _probe(probe: Probe | None, workload: Workload, where: str) -> Probe | None:
    match probe:
        case Probe(action=HttpGet() as get):
            return replace(probe, action=replace(get, port=container_port(get.port, workload, where)))
        case Probe(action=TcpSocket() as tcp):
            return replace(probe, action=replace(tcp, port=container_port(tcp.port, workload, where)))
        case _:
            return probe


def _tcp(container: Container) -> Iterator[Port]:
    return (each for each in container.ports if each.protocol == "TCP")


def _names(topology: Topology, workload: Workload) -> list[str]:
    return [replica_name(workload, ordinal) for ordinal in range(topology.most_replicas(workload))]


def _nowhere(workload: Workload) -> Sandbox:
    return Sandbox("", "", {}, dict.fromkeys(empty_folders(workload), ("", "")))


def _pod_name(workload: Workload, ordinal: int) -> str:
    return workload.name if workload.kind == "Pod" else f"{workload.name}-{ordinal}"

"""From a topology to what the supervisor runs: every address, command line, environment and folder resolved. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gonogo.manifests.topology import (
    Container,
    EmptyDirVolume,
    Exec,
    HttpGet,
    Probe,
    TcpSocket,
    Topology,
    Workload,
)
from gonogo.platforms.process.addresses import AddressPlan, PortNeed, replica_name
from gonogo.platforms.process.catalogue import Catalogue, Entry, unmapped
from gonogo.platforms.process.environment import MARKER, PodFacts, container_environment
from gonogo.platforms.process.naming import Naming, Teller, container_port
from gonogo.platforms.process.rewrite import Rewriter
from gonogo.platforms.process.spec import ContainerSpec, ForwardSpec, ReplicaSpec
from gonogo.platforms.process.volumes import FileSpec, plan_volumes

__all__ = ["Place", "StackPlan", "plan_pod", "plan_stack"]

_LONG_SECRET = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack is put.

    Attributes:
        stack: its id.
        workdir: folder for logs and volumes.
        root: working folder of the processes: the project.
        python: interpreter that ``{python}`` means.
        environment: base of every container's environment.
        grace_cap_s: longest grace time; None: what the manifests say.
    """

    stack: str
    workdir: str
    root: str
    python: str
    environment: Mapping[str, str]
    grace_cap_s: float | None = None


@dataclass(frozen=True, slots=True)
class StackPlan:
    """What to write, what to check, what to run, what to tell.

    Attributes:
        secrets: values that may not appear in a message.
        templates: one Pod of every Job and CronJob, which starts nothing: its programs must be there all the same.
        reserve: replicas that an autoscaler may add, not started.
    """

    replicas: tuple[ReplicaSpec, ...]
    forwards: tuple[ForwardSpec, ...]
    folders: tuple[str, ...]
    files: tuple[FileSpec, ...]
    ports: tuple[PortNeed, ...]
    notes: tuple[str, ...]
    secrets: tuple[str, ...]
    templates: tuple[ReplicaSpec, ...] = ()
    reserve: tuple[ReplicaSpec, ...] = ()

    def redact(self, text: str) -> str:
        """Return ``text`` without the values that came from Secrets."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            # A short one would be found in half of all words: only where it stands alone.
            edge = r"\b" if len(secret) < _LONG_SECRET else ""
            text = re.sub(rf"{edge}{re.escape(secret)}{edge}", "***", text)
        return text


def plan_stack(topology: Topology, *, addresses: AddressPlan, catalogue: Catalogue, place: Place) -> StackPlan:
    """Return the plan for ``topology``.

    Raises:
        SettingsError: images without a catalogue entry, all of them at once.
        ManifestError: a reference leads nowhere.
    """
    templates = [made.template for made in (*topology.jobs, *(each.job for each in topology.cron_jobs))]
    missing = [
        (workload, container)
        for workload in (*topology.workloads, *templates)
        for container in (*workload.init_containers, *workload.containers)
        if catalogue.find(container.image) is None
    ]
    if missing:
        raise unmapped(missing)
    return _Planner(topology, addresses, catalogue, place).plan(templates)


def plan_pod(
    topology: Topology, workload: Workload, ordinal: int, *, addresses: AddressPlan, catalogue: Catalogue, place: Place
) -> StackPlan:
    """Return the plan of one further Pod in a stack that runs: the ``ordinal``-th of ``workload``.

    Args:
        topology: what runs.
        workload: it has an address for the Pod in ``addresses``, and commands for its images.
        ordinal: which of its Pods.
        addresses: where the stack runs, and the Pod shall.
        catalogue: commands of images.
        place: where the stack was put.
    """
    return _Planner(topology, addresses, catalogue, place).plan_pod(workload, ordinal)


class _Planner:
    def __init__(self, topology: Topology, addresses: AddressPlan, catalogue: Catalogue, place: Place) -> None:
        self._topology = topology
        self._addresses = addresses
        self._naming = Naming(topology, addresses)
        self._catalogue = catalogue
        self._place = place
        self._folders: list[str] = []
        self._files: list[FileSpec] = []
        self._ports: list[PortNeed] = []
        self._notes: dict[str, None] = {}
        self._secrets: dict[str, None] = {}
        self._named: set[tuple[str, str]] = set()

    def plan_pod(self, workload: Workload, ordinal: int) -> StackPlan:
        return self._planned((self._replica(workload, ordinal),), (), ())

    def plan(self, templates: Sequence[Workload]) -> StackPlan:
        replicas = tuple(
            self._replica(workload, ordinal)
            for workload in self._topology.workloads
            for ordinal in range(workload.replicas)
        )
        reserve = tuple(
            self._replica(workload, ordinal)
            for workload in self._topology.workloads
            for ordinal in range(workload.replicas, self._topology.most_replicas(workload))
        )
        made = [self._template(template, number) for number, template in enumerate(templates)]
        planned = self._planned(replicas, tuple(self._naming.forwards(self._named)), tuple(made))
        return replace(planned, reserve=reserve)

    def _template(self, template: Workload, number: int) -> ReplicaSpec:
        """Plan a Pod of a Job for what it tells: Services that it calls, Secrets, references that lead nowhere."""
        name = replica_name(template, 0)
        addresses = self._addresses.with_pod(name, self._addresses.job_address(number, 0))
        tried = _Planner(self._topology, addresses, self._catalogue, self._place)
        replica = tried._replica(template, 0)
        self._named |= tried._named
        self._notes |= tried._notes
        self._secrets |= tried._secrets
        return replica

    def _planned(
        self, replicas: tuple[ReplicaSpec, ...], forwards: tuple[ForwardSpec, ...], templates: tuple[ReplicaSpec, ...]
    ) -> StackPlan:
        return StackPlan(
            replicas=replicas,
            forwards=forwards,
            templates=templates,
            folders=tuple(dict.fromkeys(self._folders)),
            files=tuple(self._files),
            ports=(
                *self._ports,
                *(PortNeed(f"Service {f.service}", f.address, each.port) for f in forwards for each in f.listeners),
            ),
            notes=tuple(self._notes),
            secrets=tuple(self._secrets),
        )

    def _replica(self, workload: Workload, ordinal: int) -> ReplicaSpec:
        name = replica_name(workload, ordinal)
        grace_s = workload.grace_s
        if self._place.grace_cap_s is not None:
            grace_s = min(grace_s, self._place.grace_cap_s)
        for volume in workload.volumes:
            if isinstance(volume, EmptyDirVolume) and volume.size_limit is not None:
                self._notes[f"{workload}: the size limit of the volume {volume.name} is not enforced"] = None
        return ReplicaSpec(
            name=name,
            address=self._addresses.replicas[name],
            log=f"{self._place.workdir}/logs/{name.replace('/', '_')}.log",
            containers=tuple(self._container(workload, ordinal, each) for each in workload.containers),
            init_containers=tuple(self._container(workload, ordinal, each) for each in workload.init_containers),
            restart_policy=workload.restart_policy,
            grace_s=grace_s,
        )

    def _container(self, workload: Workload, ordinal: int, container: Container) -> ContainerSpec:
        name = replica_name(workload, ordinal)
        address = self._addresses.replicas[name]
        where = f"{workload.source}: {workload} container {container.name}"
        folder = f"{self._place.workdir}/volumes/{name.replace('/', '_')}"
        volumes = plan_volumes(workload, container, folder)
        told = Teller(
            self._naming.rewriter(workload, address, volumes.paths), self._naming.services(workload.namespace)
        )
        pod_name = workload.name if workload.kind == "Pod" else f"{workload.name}-{ordinal}"
        pod = PodFacts(
            name=pod_name,
            namespace=workload.namespace,
            address=address,
            uid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._place.stack}/{name}")),
            labels=workload.labels,
            annotations=workload.annotations,
        )
        # The marker comes first: what clears up after a stack finds a process by it.
        base = {MARKER: f"{self._place.stack}/{name}/{container.name}", **self._place.environment}
        environment = container_environment(container.env, base, rewrite=told.tell, pod=pod, where=where)
        self._secrets |= {
            text: None for each in container.env if each.secret for text in (each.value, environment[each.name]) if text
        }
        self._folders += [f"{self._place.workdir}/logs", folder, *volumes.folders]
        files = volumes.file_specs(told.tell)
        self._files += files
        self._secrets |= {
            line: None
            for file in files
            if file.secret
            for line in file.content.decode(errors="ignore").splitlines()
            if line.strip()
        }
        entry = self._entry(container)
        values = self._values(workload, ordinal, container, address, folder, pod_name)
        values |= {f"folder:{path}": found for path, found in volumes.paths.items()}
        command = None if container.command is None else told.words(container.command)
        argv = entry.argv(values, command, told.words(container.args), where=where)
        if not container.command and container.working_dir:
            told.left.append(f"workingDir {container.working_dir} is the image's and is not used")
        self._named |= told.services
        self._notes |= {f"{workload} container {container.name}: {text}": None for text in told.left}
        ports = tuple(dict.fromkeys(each.container_port for each in container.ports if each.protocol == "TCP"))
        self._ports += [PortNeed(f"container {container.name} of {name}", address, port) for port in ports]
        return ContainerSpec(
            name=container.name,
            argv=argv,
            env=tuple(environment.items()),
            cwd=self._cwd(container, volumes.paths),
            ports=ports,
            readiness=self._probe(container.readiness, workload, told, where),
            liveness=self._probe(container.liveness, workload, told, where),
            startup=self._probe(container.startup, workload, told, where),
            cpu_limit=container.resources.cpu_limit,
            memory_limit=container.resources.memory_limit,
            origin=f"image {container.image}, entry {entry.pattern!r}",
        )

    def _entry(self, container: Container) -> Entry:
        entry = self._catalogue.find(container.image)
        assert entry is not None, "plan_stack() has looked for all of them"  # noqa: S101 - tells mypy
        return entry

    def _values(
        self, workload: Workload, ordinal: int, container: Container, address: str, folder: str, pod_name: str
    ) -> dict[str, str]:
        values = {
            "host": address,
            "python": self._place.python,
            "workdir": folder,
            "root": self._place.root,
            "name": workload.name,
            "namespace": workload.namespace,
            "replica": pod_name,
            "ordinal": str(ordinal),
        }
        for port in reversed(container.ports):
            values["port"] = str(port.container_port)
            if port.name:
                values[f"port.{port.name}"] = str(port.container_port)
        return values

    def _cwd(self, container: Container, paths: Mapping[str, str]) -> str:
        """Return the folder under a mount that workingDir means; the image's own folders are not here."""
        wanted = Rewriter(paths=paths).apply(container.working_dir).text
        return wanted if wanted != container.working_dir else self._place.root

    def _probe(
        self,
        probe: Probe | None,
        workload: Workload,
        told: Teller,
        where: str,
    ) -> Probe | None:
        if probe is None:
            return None
        match probe.action:
            case HttpGet() as get:
                return replace(probe, action=replace(get, port=container_port(get.port, workload, where)))
            case TcpSocket() as tcp:
                return replace(probe, action=replace(tcp, port=container_port(tcp.port, workload, where)))
            case Exec() as action:
                return replace(probe, action=Exec(told.words(action.command)))

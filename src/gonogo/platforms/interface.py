"""What a platform gives: a running stack with a lifecycle, endpoints to aim at, observation, and faults to inject.

Platforms are found by name in :mod:`gonogo.platforms.registry`. Every one passes the contract in
tests/contracts/platform.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self, runtime_checkable

from gonogo.errors import UsageError
from gonogo.manifests.topology import Autoscaler, Job, Service, Topology

__all__ = [
    "Endpoint",
    "Faults",
    "HoldsRules",
    "HostsGenerator",
    "JobPod",
    "JobRun",
    "JobRunner",
    "Line",
    "Observation",
    "Pausable",
    "Platform",
    "Replica",
    "ReplicaSample",
    "Rescaled",
    "RunningStack",
    "Scalable",
    "ScalesItself",
    "TakenName",
    "WorkerSize",
]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that takes connections for a Service: IP address and TCP port.

    Attributes:
        replica: name of the only replica that it leads to; empty where it leads to several, or where that is unknown.
    """

    host: str
    port: int
    replica: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Replica:
    """One Pod of a workload as it runs.

    Attributes:
        name: ``namespace/workload/ordinal``; stays the same when a container is started again.
        ready: whether its readiness probe holds.
        log: file with the output of its containers.
        limits: what is declared and how it is held: ``cpu 0.5 cores: enforced (cgroup)``,
            ``memory 300 MiB: not enforced (why)``.
    """

    name: str
    ready: bool
    address: str
    log: Path
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplicaSample:
    """Usage of one replica from its start to now. Two samples make a difference over a run.

    Attributes:
        cpu_s: CPU seconds of all its processes, dead ones included where the platform can tell.
        rss: resident bytes now; rss_max the most seen so far (since the last ``reset_peaks``).
        throttled_s: seconds held back by its CPU limit; None where the platform cannot tell.
        restarts: containers started again so far.
    """

    replica: str
    cpu_s: float
    rss: int
    rss_max: int
    throttled_s: float | None
    restarts: int


class Observation(Protocol):
    """Looking at a running stack."""

    def replicas(self, service: str = "") -> tuple[Replica, ...]:
        """All replicas, or those behind ``service``, in order of name."""
        ...

    def sample(self) -> Mapping[str, ReplicaSample]:
        """Usage of every replica by name."""
        ...

    def reset_peaks(self) -> None:
        """Start ``rss_max`` anew, at the beginning of a run."""
        ...


class Faults(Protocol):
    """Hurting a running stack on purpose."""

    def kill(self, replica: str) -> None:
        """Kill the replica's processes with SIGKILL; its restart policy decides what follows."""
        ...


class TakenName(UsageError):
    """Another Job has the name already."""


@dataclass(frozen=True, slots=True)
class JobPod:
    """One Pod of a Job.

    Attributes:
        name: ``namespace/run/ordinal``; replacements of failed Pods count on.
        index: its completion index; None where the Job has none.
        exit_status: of the first container that did not end well, or 0; None while it runs, and after a signal.
        how: how it ended, as a clause.
        restarts: containers started again in it.
        started_at: seconds since 1970; ``ended_at`` likewise, None while it runs.
        log: file with the output of its containers.
    """

    name: str
    index: int | None
    phase: Literal["running", "succeeded", "failed"]
    exit_status: int | None
    how: str
    restarts: int
    started_at: float
    ended_at: float | None
    log: Path


@dataclass(frozen=True, slots=True)
class JobRun:
    """A Job that was started: by the manifests, by a CronJob, or because it was asked for.

    Attributes:
        name: ``namespace/name`` of its own.
        job: ``Kind namespace/name`` of the Job or CronJob that declares it.
        reason: why it ended: ``Complete``, ``BackoffLimitExceeded``, ``DeadlineExceeded``, or in words; empty before.
        started_at: seconds since 1970; ``ended_at`` likewise, None while it runs.
        pods: in the order of their starts.
    """

    name: str
    job: str
    phase: Literal["running", "complete", "failed"]
    reason: str
    started_at: float
    ended_at: float | None
    pods: tuple[JobPod, ...]


@runtime_checkable
class JobRunner(Faults, Protocol):
    """A running stack that runs Jobs, whose Pods can be killed as replicas can. Not every platform does."""

    def start_job(self, job: Job, run: str, env: Mapping[str, str]) -> None:
        """Start ``job``, one of the topology's, as ``run``.

        Args:
            job: a Job, or what a CronJob makes Jobs of.
            run: a name that no run of this stack in its namespace has had.
            env: variables for all its containers, over those of the manifest.

        Raises:
            TakenName: it is taken.
        """
        ...

    def end_job(self, run: str, reason: str) -> None:
        """Begin to end the run ``namespace/name`` with its Pods' grace time; ``reason`` is why it then has failed."""
        ...

    def job_runs(self) -> tuple[JobRun, ...]:
        """Every Job started so far, in the order of their starts."""
        ...


@runtime_checkable
class Scalable(Protocol):
    """A running stack whose Deployments can be scaled. Not every platform does."""

    def scale(self, workload: str, replicas: int) -> None:
        """Begin to have ``replicas`` of the Deployment ``workload`` (``namespace/name``).

        Raises:
            UsageError: there is no such Deployment, or it may not have so many.
        """
        ...


@dataclass(frozen=True, slots=True)
class WorkerSize:
    """What each worker of the load generator has inside of a stack: requests and limits alike.

    Attributes:
        cpu: cores.
        memory: bytes.
        source: what says so, such as ``Pod load-test/client``.
    """

    cpu: float
    memory: int
    source: str

    def __str__(self) -> str:
        return f"{self.cpu:g} {'core' if self.cpu == 1 else 'cores'} and {self.memory / 1024**2:g} MiB"


class Line(Protocol):
    """A program that runs beside the stack's replicas, and its two streams: every byte arrives, in order."""

    @property
    def place(self) -> str:
        """Where the program runs, such as ``Pod load-test/gonogo-generator-0 on node a``."""
        ...

    def send(self, data: bytes) -> None:
        """Write to its standard input. From any thread.

        Raises:
            EnvironmentFault: it has ended, or cannot be reached.
        """
        ...

    def receive(self, timeout_s: float) -> bytes | None:
        """Return what its standard output brings within ``timeout_s``: nothing is no end; None is. From one thread."""
        ...

    def close(self) -> None:
        """End the program; safe to call twice, and while another thread receives."""
        ...

    def why(self) -> str:
        """Why it ended, as a clause with its last words: ``its Pod was deleted``, ``it ended with status 1: …``."""
        ...


@runtime_checkable
class HostsGenerator(Protocol):
    """A running stack that load can be sent from within: by workers of fixed size, beside its replicas."""

    def worker_size(self) -> WorkerSize:
        """What each worker has."""
        ...

    def inner_endpoints(self, service: Service, port: int | str | None = None) -> tuple[Endpoint, ...]:
        """Addresses of the ready replicas behind ``port`` of ``service``, as a worker reaches them.

        Raises:
            StackError: no replica is ready.
        """
        ...

    def workers(self, count: int) -> tuple[str, ...]:
        """Have ``count`` workers and return where they are; those that are lost are made anew.

        Raises:
            EnvironmentFault: they do not come.
        """
        ...

    def open_line(self, worker: int, command: Sequence[str]) -> Line:
        """Start ``command`` in the worker with that number, counted from 0.

        Raises:
            EnvironmentFault: it does not start.
        """
        ...


@runtime_checkable
class Pausable(Protocol):
    """A running stack whose replicas can be made to hang. Not every platform can.

    No process of a paused replica runs, and none ends: its connections stay and are taken by the kernel, and nothing
    answers. Its probes fail as those of a hung service do, with what follows from that.
    """

    def pause(self, replica: str) -> None:
        """Hold every process of ``replica`` where it stands; when this returns, none runs. Safe to call twice.

        Raises:
            UsageError: there is no such replica.
            StackError: the stack has been stopped.
        """
        ...

    def resume(self, replica: str) -> None:
        """Let ``replica`` go on from where it stands; safe to call when it is not paused.

        Raises:
            UsageError: there is no such replica.
            StackError: the stack has been stopped.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rescaled:
    """That the platform's own autoscaler changed the number of a Deployment's replicas.

    Attributes:
        at: seconds since 1970.
        workload: ``namespace/name``.
        reason: in the platform's words.
    """

    at: float
    workload: str
    before: int
    after: int
    reason: str


@runtime_checkable
class ScalesItself(Protocol):
    """A running stack whose autoscalers the platform carries out; ``topology`` names none then."""

    def autoscalers(self) -> tuple[Autoscaler, ...]:
        """Those that the manifests declare."""
        ...

    def unscaled(self) -> str:
        """Why they see no load, as a clause; empty when they do."""
        ...

    def rescaled(self) -> tuple[Rescaled, ...]:
        """What they changed so far, in order."""
        ...


@runtime_checkable
class HoldsRules(Protocol):
    """A running stack whose platform holds traffic rules as objects, for a mesh of its own to carry out."""

    def held_rules(self) -> frozenset[str]:
        """The rules of the manifests that it holds, such as ``VirtualService shop/web``; empty without a mesh."""
        ...

    def amend_rules(self, objects: Sequence[Mapping[str, Any]]) -> None:
        """Hold ``objects`` in place of those with the same names; returns when the platform does.

        Args:
            objects: as manifests have them, whole. Those that the platform does not hold are left out.

        Raises:
            EnvironmentFault: the platform refuses one, or somebody else has changed it; those that were changed
                before are as they were.
        """
        ...

    def authority(self, service: Service, port: int) -> str:
        """Return how requests to ``port`` of ``service`` name it in the Host header, for the mesh to know it by."""
        ...


class RunningStack(Observation, Faults, Protocol):
    """A topology that runs. Leaving it as a context manager stops and removes everything that it started."""

    topology: Topology

    def endpoints(self, service: Service, port: int | str | None = None) -> tuple[Endpoint, ...]:
        """Addresses of the ready replicas behind ``port`` of ``service`` (its only or first port when None).

        Raises:
            StackError: no replica is ready.
        """
        ...

    def problems(self) -> tuple[str, ...]:
        """What went wrong since the start without being asked for: a container that ended or was restarted."""
        ...

    def notes(self) -> tuple[str, ...]:
        """What is not real on this platform for this topology: limits not enforced, parts left out."""
        ...

    def stop(self) -> None:
        """Stop and remove everything; safe to call twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Platform(Protocol):
    """A place where topologies run."""

    name: str

    def start(self, topology: Topology, *, workdir: Path, ready_timeout_s: float) -> RunningStack:
        """Start everything in ``topology`` and return when every replica is ready.

        Args:
            topology: what to start.
            workdir: an empty folder for logs and volumes; logs stay in it after the stop.
            ready_timeout_s: after it an unready replica is a StackError with its last log lines.

        Raises:
            StackError: something did not start or get ready; everything started before has been stopped.
            UsageError: the topology, or the settings for this platform, cannot be used; nothing was started.
        """
        ...

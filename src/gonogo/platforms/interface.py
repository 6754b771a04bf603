"""What a platform gives: a running stack with a lifecycle, endpoints to aim at, observation, and faults to inject.

Platforms are found by name in :mod:`gonogo.platforms.registry`. Every one passes the contract in
tests/contracts/platform.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

from gonogo.manifests.topology import Job, Service, Topology

__all__ = [
    "Endpoint",
    "Faults",
    "JobPod",
    "JobRun",
    "JobRunner",
    "Observation",
    "Platform",
    "Replica",
    "ReplicaSample",
    "RunningStack",
    "Scalable",
]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that takes connections for a Service: IP address and TCP port."""

    host: str
    port: int


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
            UsageError: the name is taken.
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

"""What the supervisor is told to run and what it reports: values that cross the pipe between it and its owner.

Everything is resolved here: addresses, command lines, environments, folders. The supervisor decides nothing about
manifests. Standard library only (and gonogo's own values), because the supervisor starts without site-packages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gonogo.manifests.topology import Probe
from gonogo.platforms.process.cgroups.choice import Choice

__all__ = [
    "Ask",
    "Backend",
    "ContainerSpec",
    "Failure",
    "ForwardSpec",
    "Listener",
    "Phase",
    "PodStatus",
    "ReplicaSpec",
    "ReplicaStatus",
    "Reply",
    "StackSpec",
    "StackStatus",
    "Started",
    "Verb",
]


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container as a command.

    Attributes:
        env: the whole environment of its processes.
        ports: the TCP ports that it declares.
        readiness: like ``liveness`` and ``startup``: ports are numbers, commands are rewritten.
        cpu_limit: cores; None without a limit.
        memory_limit: bytes; None without a limit.
        origin: which image and which catalogue entry the command comes from, for messages.
    """

    name: str
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    cwd: str
    ports: tuple[int, ...] = ()
    readiness: Probe | None = None
    liveness: Probe | None = None
    startup: Probe | None = None
    cpu_limit: float | None = None
    memory_limit: int | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ReplicaSpec:
    """One Pod.

    Attributes:
        name: ``namespace/workload/ordinal``.
        address: its own loopback address.
        log: file for the output of its containers.
        grace_s: seconds between SIGTERM and SIGKILL.
    """

    name: str
    address: str
    log: str
    containers: tuple[ContainerSpec, ...]
    init_containers: tuple[ContainerSpec, ...] = ()
    restart_policy: Literal["Always", "OnFailure", "Never"] = "Always"
    grace_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a Service's port leads on one replica."""

    replica: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Listener:
    """One port of a Service and every replica behind it, ready or not."""

    port: int
    backends: tuple[Backend, ...]


@dataclass(frozen=True, slots=True)
class ForwardSpec:
    """A Service whose callers inside the stack go through the forwarder."""

    service: str
    address: str
    listeners: tuple[Listener, ...]


@dataclass(frozen=True, slots=True)
class StackSpec:
    """Everything that one supervisor runs.

    Attributes:
        id: unique on this machine; cgroups and processes carry it.
        owner: process id of the process that the stack must not outlive.
        record: file from which a later session clears up should this supervisor be killed.
        ready_timeout_s: seconds until every replica must have been ready.
        cores: CPUs for everything that the stack runs, once it is ready; empty: all.
        forwarder: command line of the forwarder.
        reserve: replicas that may join later.
    """

    id: str
    owner: int
    record: str
    replicas: tuple[ReplicaSpec, ...]
    ready_timeout_s: float
    choice: Choice
    forwards: tuple[ForwardSpec, ...] = ()
    forwarder: tuple[str, ...] = ()
    cores: tuple[int, ...] = ()
    reserve: tuple[ReplicaSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one replica did not start.

    Attributes:
        reason: one sentence.
        tail: last lines of its log, markers left out.
    """

    replica: str
    reason: str
    tail: tuple[str, ...] = ()
    log: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """The outcome of the start: nothing in ``failures`` means that every replica is ready."""

    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplicaStatus:
    """One replica now; the fields of :class:`gonogo.platforms.interface.ReplicaSample` and its readiness."""

    name: str
    ready: bool
    cpu_s: float = 0.0
    rss: int = 0
    rss_max: int = 0
    throttled_s: float | None = None
    restarts: int = 0
    limits: tuple[str, ...] = ()


Phase = Literal["running", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class PodStatus:
    """A Pod that was launched to run to its end.

    Attributes:
        name: as in its :class:`ReplicaSpec`.
        exit_status: of the first container that did not end well, or 0; None while it runs, and after a signal.
        how: how its last container to end did so, as a clause: ``ended with exit status 1``.
        restarts: containers started again in it.
        started_at: seconds since 1970; ``ended_at`` likewise, None while it runs.
    """

    name: str
    phase: Phase
    exit_status: int | None = None
    how: str = ""
    restarts: int = 0
    started_at: float = 0.0
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class StackStatus:
    """The whole stack now; ``pods`` are those that were launched, in that order."""

    replicas: tuple[ReplicaStatus, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pods: tuple[PodStatus, ...] = ()


Verb = Literal["status", "sample", "reset", "kill", "pause", "resume", "launch", "end", "join", "leave", "stop"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request of the owner. ``number`` comes back in the reply, so that an interrupted request disturbs no later one.

    Attributes:
        verb: ``status`` (as last sampled), ``sample`` (usage read anew), ``reset`` (peaks), ``kill``, ``launch`` (a
            Pod that runs to its end), ``end`` (begin to end such a Pod, with its grace time), ``join`` (start a replica
            of the reserve, or one that has left), ``leave`` (begin to end a replica, with its grace time), ``pause``,
            ``resume``, ``stop``.
        replica: whom ``kill``, ``pause``, ``resume``, ``end``, ``join`` and ``leave`` mean.
        pod: what ``launch`` starts.
    """

    number: int
    verb: Verb
    replica: str = ""
    pod: ReplicaSpec | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an :class:`Ask`, given when it has been done. ``error`` is empty when it could be."""

    number: int
    status: StackStatus = field(default_factory=StackStatus)
    error: str = ""

"""Where a load is sent from: the machine of the session, or within the stack, beside its replicas."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import replace

from gonogo.errors import UsageError
from gonogo.gate.judgment import ReplicaUsage
from gonogo.load import driver
from gonogo.load.driver import RunningLoad
from gonogo.load.inside import fleet
from gonogo.load.inside.engine import COMMAND
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.platforms.interface import HostsGenerator, WorkerSize
from gonogo.runs.run import Run
from gonogo.suite.recorder import RunPlace
from gonogo.suite.stack import Stack
from gonogo.units import format_duration

__all__ = ["HERE", "Here", "Inside", "Origin", "origin"]


class Here:
    """Sends loads from this machine."""

    inside = False

    @staticmethod
    def check(*targets: Target) -> None:
        """Every target that may be loaded can be reached."""

    def start(self, plan: LoadPlan, place: RunPlace) -> tuple[RunningLoad, str]:
        """Start to drive ``plan``; return the load, and nothing to say of it."""
        return driver.start(replace(plan, name=place.name), place.folder), ""

    def usage(self, run: Run) -> tuple[ReplicaUsage, ...]:
        """Nothing: the run's own facts have it."""
        del run
        return ()


HERE = Here()


class Inside:
    """Sends loads from within a stack.

    Args:
        host: the stack.
    """

    inside = True

    def __init__(self, host: HostsGenerator) -> None:
        self._host = host

    @staticmethod
    def check(*targets: Target) -> None:
        """Refuse targets on a loopback address: there it is the worker's own.

        Raises:
            UsageError: there is one.
        """
        for target in targets:
            for host in sorted({host for host, _ in target.addresses}):
                if _is_loopback(host):
                    raise UsageError(
                        f"it goes to {host}, which inside of the stack is the load generator itself",
                        where=target.name,
                        mend="have the generator on this machine: --gonogo-generator here",
                    )

    def start(self, plan: LoadPlan, place: RunPlace) -> tuple[RunningLoad, str]:
        """Start to drive ``plan``; return the load, and where it is sent from.

        Raises:
            EnvironmentFault: the workers do not come, or are of another gonogo.
        """
        places = self._host.workers(plan.workers)
        started = fleet.start(
            replace(plan, name=place.name),
            place.folder,
            lambda number: self._host.open_line(number % plan.workers, COMMAND),
        )
        return started.running, told(places, self._host.worker_size(), started.apart_s)

    def usage(self, run: Run) -> tuple[ReplicaUsage, ...]:
        """What the workers used."""
        return tuple(
            ReplicaUsage(
                worker.place,
                cpu_s=worker.cpu_s,
                rss_max=worker.memory_peak or 0,
                throttled_s=worker.throttled_s,
                limits=(
                    *((f"cpu {worker.cpu:g} cores: enforced (cgroup)",) if worker.cpu else ()),
                    *((f"memory {worker.memory / 1024**2:g} MiB: enforced (cgroup)",) if worker.memory else ()),
                ),
            )
            for worker in run.facts.generator.workers
        )


Origin = Here | Inside


def origin(stack: Stack | None, *, inside: bool) -> Origin:
    """Return where loads on ``stack`` are sent from.

    Raises:
        UsageError: it shall be within a stack, and there is none that takes load workers in.
    """
    if not inside:
        return HERE
    if stack is None or not isinstance(stack.running, HostsGenerator):
        raise UsageError(
            "there is no stack to send load from within" if stack is None else "no load can be sent from within it",
            where="generator = inside",
            mend='mark the test: stack("manifests/…") on the platform cluster or kind; or --gonogo-generator here',
        )
    return Inside(stack.running)


def told(places: Iterable[str], size: WorkerSize, apart_s: float) -> str:
    """Return where a load was sent from and with what, as a sentence for the judgment."""
    named = tuple(places)
    each = f"{size}, requested and limited alike ({size.source})"
    if len(named) == 1:
        return f"load was sent from inside of the stack, by {named[0]}, with {each}"
    return (
        f"load was sent from inside of the stack, by {len(named)} workers, each with {each}: {'; '.join(named)}; "
        f"they began within {format_duration(apart_s)} of each other"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"

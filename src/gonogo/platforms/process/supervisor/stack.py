"""All replicas of a stack and what they share: control groups, process table, forwarder, list of problems."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress

from gonogo.platforms.process.cgroups.cell import StackCells
from gonogo.platforms.process.environment import MARKER
from gonogo.platforms.process.spec import ContainerSpec, Failure, ReplicaSpec, StackSpec, StackStatus, Started
from gonogo.platforms.process.supervisor.container import Container, Machine
from gonogo.platforms.process.supervisor.errand import Errand
from gonogo.platforms.process.supervisor.forwarding import Forwarding, Forwards
from gonogo.platforms.process.supervisor.journal import Journal
from gonogo.platforms.process.supervisor.pod import Pod
from gonogo.platforms.process.supervisor.reaper import Reaper
from gonogo.platforms.process.supervisor.table import ProcessTable
from gonogo.platforms.process.supervisor.usage import Usage

__all__ = ["Stack"]

_SAMPLE_S = 0.5
_MOST_PROBLEMS = 200


class Stack:
    """A stack from start to stop. Made inside the running event loop."""

    def __init__(self, spec: StackSpec) -> None:
        self._spec = spec
        self._problems: list[str] = []
        self._dropped = 0
        self._notes: dict[str, None] = {}
        self._change = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._ready: frozenset[str] = frozenset()
        self._table = ProcessTable()
        self._reaper = Reaper(self._orphan_ended)
        self._reaper.attach(asyncio.get_running_loop())
        self._machine = Machine(
            self._reaper, self._table, _crowded((*spec.replicas, *spec.reserve)), self._changed, self._note
        )
        self._cells = StackCells(spec.choice, spec.id)
        self._pods = [self._pod(replica) for replica in spec.replicas]
        self._specs = {replica.name: replica for replica in (*spec.replicas, *spec.reserve)}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._errands: dict[str, Errand] = {}
        self._by_marker = {container.marker: container for pod in self._pods for container in pod}
        self._usage = Usage(self._pods, self._table, self._problem)
        self._forwarding = self.make_forwarding()

    async def start(self) -> Started:
        """Start everything and return when every replica is ready, or those that are not cannot become it any more."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        self._tasks = [
            asyncio.create_task(each) for each in (self._forwarding.live(), *(pod.live() for pod in self._pods))
        ]
        self._tasks.append(asyncio.create_task(self._sampling()))
        while waiting := [pod for pod in self._pods if not pod.settled]:
            left = begun + self._spec.ready_timeout_s - loop.time()
            if left <= 0 or all(pod.hopeless for pod in waiting):
                return Started(tuple(pod.why_not(self._spec.ready_timeout_s) for pod in waiting))
            self._change.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._change.wait()
        await self._forwarding.applied()
        if self._forwarding.error:
            return Started((Failure("forwarder", self._forwarding.error),))
        self._usage.sample()
        return Started()

    def status(self) -> StackStatus:
        """Return the state of everything, usage as last sampled."""
        dropped = (f"… and {self._dropped} more",) if self._dropped else ()
        return StackStatus(
            tuple(self._usage.status(pod) for pod in self._pods),
            (*self._problems, *dropped),
            tuple(self._notes),
            tuple(errand.status() for errand in self._errands.values()),
        )

    def sample(self) -> StackStatus:
        """Read usage and return the state of everything."""
        self._usage.sample()
        return self.status()

    def reset_peaks(self) -> StackStatus:
        """Start peaks anew and return the state of everything."""
        self._usage.reset_peaks()
        return self.status()

    async def kill(self, name: str) -> StackStatus:
        """Kill a replica and return the state of everything."""
        for pod in self._called(name):
            await pod.kill()
        return self.status()

    async def pause(self, name: str) -> StackStatus:
        """Hold a replica where it stands and return the state of everything."""
        for pod in self._called(name):
            await pod.pause()
        return self.status()

    async def resume(self, name: str) -> StackStatus:
        """Let a replica go on and return the state of everything."""
        for pod in self._called(name):
            await pod.resume()
        return self.status()

    def _called(self, name: str) -> tuple[Pod, ...]:
        everyone = (*self._pods, *(errand.pod for errand in self._errands.values()))
        return tuple(pod for pod in everyone if pod.spec.name == name)

    def join(self, name: str) -> StackStatus:
        """Start a replica of the reserve, or one that has left, and return the state of everything.

        Raises:
            LookupError: there is no such replica, or it has not gone yet.
        """
        if name in self._leaving:
            raise LookupError(f"{name} is still ending")
        if all(pod.spec.name != name for pod in self._pods):
            pod = self._pod(self._specs[name])
            self._pods.append(pod)
            self._by_marker |= {container.marker: container for container in pod}
            self._usage.add(pod)
            self._tasks.append(asyncio.create_task(pod.live()))
            self._changed()
        return self.status()

    def leave(self, name: str) -> StackStatus:
        """Begin to end a replica, which takes no traffic from now on, and return the state of everything."""
        for pod in self._pods:
            if pod.spec.name == name and name not in self._leaving:
                self._leaving[name] = asyncio.create_task(self._end(pod))
        return self.status()

    async def _end(self, pod: Pod) -> None:
        try:
            await pod.stop()
        finally:
            self._pods.remove(pod)
            pod.journal.close()
            del self._leaving[pod.spec.name]
            self._changed()

    def launch(self, spec: ReplicaSpec) -> None:
        """Start a Pod that runs to its end; how it fares is in the status from now on."""
        # What becomes of it is for its Job to judge: a Pod that fails is no problem of the stack.
        errand = Errand(self._pod(spec, problem=lambda _: None))
        self._by_marker |= {container.marker: container for container in errand.pod}
        self._errands[spec.name] = errand

    def end(self, name: str) -> StackStatus:
        """Begin to end a launched Pod with its grace time, and return the state of everything."""
        if name in self._errands:
            self._errands[name].end()
        return self.status()

    async def stop(self) -> StackStatus:
        """End everything, each with its grace time, and return the last state."""
        self._usage.sample()
        await asyncio.gather(
            *(pod.stop() for pod in self._pods if pod.spec.name not in self._leaving),
            *self._leaving.values(),
            *(errand.stopped() for errand in self._errands.values()),
        )
        self._usage.sample()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for pod in self._pods:
            pod.journal.close()
        return self.status()

    async def abandon(self) -> None:
        """Let go of everything when there is no time for an orderly stop; the caller clears up by the record."""

    def make_forwarding(self) -> Forwards:
        """Return what carries the calls between Services."""
        return Forwarding(
            self._spec.forwards,
            self._spec.forwarder,
            {"PATH": os.environ.get("PATH", ""), MARKER: f"{self._spec.id}/forwarder"},
            self._reaper,
            self._problem,
        )

    def make_container(self, pod: ReplicaSpec, spec: ContainerSpec, journal: Journal, *, init: bool) -> Container:
        """Return a container of ``pod``, not started."""
        cell = self._cells.make(
            f"{pod.name.replace('/', '_')}_{spec.name}", cpu_limit=spec.cpu_limit, memory_limit=spec.memory_limit
        )
        return Container(
            spec, pod.address, journal=journal, cell=cell, machine=self._machine, grace_s=pod.grace_s, init=init
        )

    def _pod(self, spec: ReplicaSpec, problem: Callable[[str], None] | None = None) -> Pod:
        journal = Journal(spec.log, shared=len(spec.containers) > 1)
        return Pod(
            spec,
            init_containers=tuple(self.make_container(spec, each, journal, init=True) for each in spec.init_containers),
            containers=tuple(self.make_container(spec, each, journal, init=False) for each in spec.containers),
            journal=journal,
            problem=problem or self._problem,
            changed=self._changed,
        )

    def _changed(self) -> None:
        ready = frozenset(pod.spec.name for pod in self._pods if pod.ready)
        if ready - self._ready:
            for pod in self._pods:
                pod.hope_again()
        self._ready = ready
        self._forwarding.tell(ready)
        self._change.set()

    async def _sampling(self) -> None:
        while True:
            await asyncio.sleep(_SAMPLE_S)
            self._usage.sample()
            for pod in self._pods:
                pod.journal.trim()

    def _orphan_ended(self, pid: int, cpu_s: float) -> None:
        container = self._by_marker.get(self._table.owner(pid))
        if container is not None:
            container.dead_cpu_s += cpu_s

    def _problem(self, text: str) -> None:
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(text)
        else:
            self._dropped += 1

    def _note(self, text: str) -> None:
        self._notes[text] = None


def _crowded(replicas: Iterable[ReplicaSpec]) -> frozenset[int]:
    """Return the ports that more than one replica declares."""
    uses = Counter(
        port for replica in replicas for port in {port for each in replica.containers for port in each.ports}
    )
    return frozenset(port for port, count in uses.items() if count > 1)

"""All replicas of a stack and what they share: control groups, process table, forwarder, list of problems."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from gonogo.platforms.process.cgroups.cell import StackCells
from gonogo.platforms.process.environment import MARKER
from gonogo.platforms.process.spec import ContainerSpec, Failure, ReplicaSpec, StackSpec, StackStatus, Started
from gonogo.platforms.process.supervisor.container import Container, Machine
from gonogo.platforms.process.supervisor.forwarding import Forwarding
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
        self._machine = Machine(self._reaper, self._table, _crowded(spec.replicas), self._changed, self._note)
        cells = StackCells(spec.choice, spec.id)
        self._pods = [self._pod(replica, cells) for replica in spec.replicas]
        self._by_marker = {container.marker: container for pod in self._pods for container in pod}
        self._usage = Usage(self._pods, self._table, self._problem)
        self._forwarding = Forwarding(
            spec.forwards,
            spec.forwarder,
            {"PATH": os.environ.get("PATH", ""), MARKER: f"{spec.id}/forwarder"},
            self._reaper,
            self._problem,
        )

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
            tuple(self._usage.status(pod) for pod in self._pods), (*self._problems, *dropped), tuple(self._notes)
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
        for pod in self._pods:
            if pod.spec.name == name:
                await pod.kill()
        return self.status()

    async def stop(self) -> StackStatus:
        """End everything, each with its grace time, and return the last state."""
        self._usage.sample()
        await asyncio.gather(*(pod.stop() for pod in self._pods))
        self._usage.sample()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for pod in self._pods:
            pod.journal.close()
        return self.status()

    def _pod(self, spec: ReplicaSpec, cells: StackCells) -> Pod:
        journal = Journal(spec.log, shared=len(spec.containers) > 1)

        def container(each: ContainerSpec, *, init: bool) -> Container:
            cell = cells.make(
                f"{spec.name.replace('/', '_')}_{each.name}", cpu_limit=each.cpu_limit, memory_limit=each.memory_limit
            )
            return Container(
                each,
                spec.address,
                journal=journal,
                cell=cell,
                machine=self._machine,
                grace_s=spec.grace_s,
                init=init,
            )

        return Pod(
            spec,
            init_containers=tuple(container(each, init=True) for each in spec.init_containers),
            containers=tuple(container(each, init=False) for each in spec.containers),
            journal=journal,
            problem=self._problem,
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

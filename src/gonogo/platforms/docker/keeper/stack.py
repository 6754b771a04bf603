"""All Pods of a stack in Docker: the supervisor's stack, with containers and forwarders of another kind."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from gonogo.platforms.docker.daemon import connect
from gonogo.platforms.docker.keeper.container import DockerContainer
from gonogo.platforms.docker.keeper.forwards import BoothForwards
from gonogo.platforms.docker.keeper.lookout import Lookout
from gonogo.platforms.docker.spec import DockerContainerSpec, DockerStackSpec
from gonogo.platforms.docker.sweep import remove_stack
from gonogo.platforms.process.spec import ContainerSpec, ReplicaSpec, StackStatus, Started
from gonogo.platforms.process.supervisor.forwarding import Forwards
from gonogo.platforms.process.supervisor.journal import Journal
from gonogo.platforms.process.supervisor.stack import Stack

__all__ = ["KeptStack"]

_THREADS = 64


class KeptStack(Stack):
    """A stack in Docker from start to removal. Made inside the running event loop."""

    def __init__(self, spec: DockerStackSpec) -> None:
        self._kept = spec
        self._client = connect()
        self._containers: list[DockerContainer] = []
        self._abandoned = self._placed = False
        # Every call of the daemon waits in a thread; a probe's command may wait long.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "docker"))
        super().__init__(spec)
        self._lookout = Lookout(self._client, spec.id, self._problem)

    def make_forwarding(self) -> Forwards:
        """Return what carries the calls between Services."""
        return BoothForwards(self._kept.id, self._kept.booths, self._kept.forwarder, self._reaper, self._problem)

    def make_container(self, pod: ReplicaSpec, spec: ContainerSpec, journal: Journal, *, init: bool) -> DockerContainer:
        """Return a container of ``pod``, not started."""
        if not isinstance(spec, DockerContainerSpec):
            raise TypeError(f"the keeper was sent a {type(spec).__name__}")
        made = DockerContainer(
            spec,
            self._client,
            f"gonogo-{self._kept.id}-{pod.name.replace('/', '-')}-{spec.name}",
            pod.address,
            cgroups=self._kept.cgroups,
            journal=journal,
            machine=self._machine,
            grace_s=pod.grace_s,
            init=init,
        )
        made.cores = self._kept.cores if self._placed else ()
        self._containers.append(made)
        return made

    async def start(self) -> Started:
        """Start everything, and when all is ready place it on its CPUs: while it starts, it may use every one."""
        self._lookout.begin()
        started = await super().start()
        self._placed = True
        if self._kept.cores and not started.failures:
            await asyncio.gather(*(each.place(self._kept.cores) for each in self._containers))
        return started

    async def stop(self) -> StackStatus:
        """End everything, each with its grace time, and remove it."""
        await super().stop()
        await self.abandon()
        return self.status()

    async def abandon(self) -> None:
        """Remove everything at once; safe to call twice."""
        if self._abandoned:
            return
        self._abandoned = True
        self._lookout.end()
        for task in self._tasks:
            task.cancel()  # or it would start again what is removed
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(remove_stack, self._client, self._kept.id)
        # A thread may have been about to start a container; when all have ended, what is there is all there will be.
        await asyncio.get_running_loop().shutdown_default_executor()
        for problem in remove_stack(self._client, self._kept.id):
            self._problem(f"not removed: {problem}")

"""One replica: init containers one after the other, then its containers, restarted as its policy says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from gonogo.platforms.process.spec import Failure, ReplicaSpec
from gonogo.platforms.process.supervisor.backoff import FORGET_S, backoff_s, shall_restart
from gonogo.platforms.process.supervisor.container import Container
from gonogo.platforms.process.supervisor.journal import Journal

__all__ = ["Pod"]

_TRIES = 3


class Pod:
    """A replica through all lives of its containers.

    Args:
        spec: what it is.
        init_containers: run to their end, in order, before the others start.
        containers: run side by side.
        journal: its log.
        problem: takes what went wrong without being asked for.
        changed: called after every change of its state.
    """

    def __init__(
        self,
        spec: ReplicaSpec,
        *,
        init_containers: tuple[Container, ...],
        containers: tuple[Container, ...],
        journal: Journal,
        problem: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self.spec = spec
        self.containers = containers
        self.journal = journal
        self._init_containers = init_containers
        self._problem = problem
        self._changed = changed
        self._initialised = False
        self._stopping = asyncio.Event()
        self._ended_for_good: Container | None = None

    def __iter__(self) -> Iterator[Container]:
        """All containers, init containers first."""
        yield from self._init_containers
        yield from self.containers

    @property
    def ready(self) -> bool:
        """Whether it takes traffic."""
        return (
            self._initialised and not self._stopping.is_set() and all(container.ready for container in self.containers)
        )

    @property
    def settled(self) -> bool:
        """Whether its start is over: ready, or done with what it had to do."""
        return self._initialised and all(container.ready or container.completed for container in self.containers)

    @property
    def hopeless(self) -> bool:
        """Whether waiting longer would not help."""
        return self._ended_for_good is not None or any(
            container.flaw or container.failures >= _TRIES for container in self
        )

    @property
    def restarts(self) -> int:
        """Containers started again so far."""
        return sum(container.restarts for container in self)

    def hope_again(self) -> None:
        """Forget failures: something that it may have waited for has become ready."""
        for container in self:
            container.failures = 0

    async def live(self) -> None:
        """Run it until it is stopped, or ends as its policy allows."""
        for container in self._init_containers:
            if not await self._keep(container):
                return
        self._initialised = True
        await asyncio.gather(*(self._keep(container) for container in self.containers))

    async def stop(self) -> None:
        """End all its containers at once, each with the grace time."""
        self._stopping.set()
        self._changed()
        for container in self:
            container.asked = True
        await self.resume()  # what is paused could not end by itself
        await asyncio.gather(*(container.terminate() for container in self))

    async def kill(self) -> None:
        """Kill everything in it; its policy decides what follows."""
        running = [container for container in self if container.running]
        for container in running:
            container.asked = True
        self.journal.mark("killed on purpose")
        await asyncio.gather(*(container.kill() for container in running))

    async def pause(self) -> None:
        """Hold everything that runs in it where it stands."""
        self.journal.mark("paused on purpose")
        await asyncio.gather(*(container.pause() for container in self if container.running))

    async def resume(self) -> None:
        """Let everything that is paused in it go on."""
        paused = [container for container in self if container.paused and container.running]
        if paused:
            self.journal.mark("resumed")
        await asyncio.gather(*(container.resume() for container in paused))

    def why_not(self, waited_s: float) -> Failure:
        """Say why it is not settled."""
        late = [container for container in self if not (container.ready or container.completed)]
        if not self._initialised:
            late = [container for container in late if container.init][:1]
        blamed = sorted(late, key=lambda container: not (container.flaw or container.failures))[:1] or [*self][:1]
        return Failure(
            replica=self.spec.name,
            reason="; ".join(_trouble(container, waited_s) for container in blamed),
            tail=blamed[0].tail(),
            log=self.spec.log,
        )

    async def _keep(self, container: Container) -> bool:
        """Run a container as often as the policy says; whether it ended well."""
        policy = self.spec.restart_policy
        clock = asyncio.get_running_loop().time
        in_a_row = 0
        while not self._stopping.is_set():
            begun = clock()
            good = await container.run()
            if self._stopping.is_set():
                return False
            # A probe that ends what was paused on purpose does what was to be expected.
            asked, container.asked = container.asked or container.paused, False
            again = shall_restart(policy, good=good, init=container.init)
            how = f"{_called(container)} {container.trouble} after {clock() - begun:.1f} s"
            self.journal.mark(how)
            if not again:
                container.completed = good
                if not good:
                    self._ended_for_good = container
                if not (good or asked):
                    self._problem(f"{self.spec.name}: {how}; restartPolicy {policy} leaves it so")
                self._changed()
                return good
            container.failures += 0 if asked else 1
            in_a_row = 1 if clock() - begun > FORGET_S else in_a_row + 1
            if not asked:
                self._problem(f"{self.spec.name}: {how}; started again (restart {container.restarts + 1})")
            self._changed()
            await asyncio.sleep(backoff_s(in_a_row))
            container.restarts += 1
        return False


def _called(container: Container) -> str:
    return f"{'init container' if container.init else 'container'} {container.spec.name}"


def _trouble(container: Container, waited_s: float) -> str:
    name = _called(container)
    if container.flaw:
        return f"{name} {container.flaw}"
    if container.failures > 1:
        return f"{name} {container.trouble}, {container.failures} times"
    if container.trouble and not container.running:
        return f"{name} {container.trouble}"
    if container.init:
        return f"{name} was still running after {waited_s:.3g} s"
    why = f": {container.waiting}" if container.waiting else ""
    return f"{name} was not ready within {waited_s:.3g} s{why}"

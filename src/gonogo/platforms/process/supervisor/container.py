"""One container: its process, its probes, its end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress

from gonogo.platforms.process.cgroups.cell import Cell
from gonogo.platforms.process.environment import MARKER
from gonogo.platforms.process.spec import ContainerSpec
from gonogo.platforms.process.supervisor.child import SpawnError, spawn
from gonogo.platforms.process.supervisor.journal import Journal
from gonogo.platforms.process.supervisor.probe import Answer
from gonogo.platforms.process.supervisor.reaper import Exit, Reaper
from gonogo.platforms.process.supervisor.table import ProcessTable
from gonogo.platforms.process.supervisor.watch import watch
from gonogo.units import format_bytes

__all__ = ["Container", "Machine"]

_DEATH_S = 5.0
_POLL_S = 0.002


class Machine:
    """What all containers of a stack share.

    Args:
        reaper: waits for children.
        table: finds processes where no control group does.
        crowded: ports that more than one replica declares.
        changed: called after every change of a container's state.
        note: takes what a reader of the judgment should know.
    """

    def __init__(
        self,
        reaper: Reaper,
        table: ProcessTable,
        crowded: frozenset[int],
        changed: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        self.reaper = reaper
        self.table = table
        self.crowded = crowded
        self.changed = changed
        self.note = note


class Container:
    """A container through all its lives.

    Attributes:
        completed: ended well and not to be started again.
        restarts: how often it was started again.
        failures: ends in a row without having been ready, since the stack last made progress.
        trouble: how it ended last; a clause after the container's name.
        status: its exit status when it ended last; None when a signal ended it, or nothing has yet.
        waiting: what its start-up or readiness probe was told last, empty when it was well.
        flaw: what is wrong with it that no restart mends.
        asked: its next end was asked for, and is no problem.
        paused: this life was held where it stands, and has not been let go since.
        dead_cpu_s: CPU seconds of its processes that have ended.
    """

    def __init__(
        self,
        spec: ContainerSpec,
        address: str,
        *,
        journal: Journal,
        cell: Cell,
        machine: Machine,
        grace_s: float,
        init: bool,
    ) -> None:
        self.spec = spec
        self.cell = cell
        self.init = init
        self.marker = dict(spec.env).get(MARKER, "")
        self.completed = False
        self.restarts = 0
        self.failures = 0
        self.trouble = ""
        self.status: int | None = None
        self.waiting = ""
        self.flaw = ""
        self.asked = self.paused = False
        self.dead_cpu_s = 0.0
        self.address = address
        self._journal = journal
        self._machine = machine
        self._grace_s = grace_s
        self._pid = 0
        self._exit: asyncio.Future[Exit] | None = None
        self._unwell = ""
        self._holds = False
        self._oom_kills = 0

    @property
    def ready(self) -> bool:
        """Whether it runs, has started up, and its readiness holds."""
        return self._holds and self.running

    @property
    def running(self) -> bool:
        """Whether its main process lives."""
        return self._exit is not None and not self._exit.done()

    async def run(self) -> bool:
        """Start it, watch it until it ends, kill what it leaves; whether it ended well. ``trouble`` says how."""
        self._unwell = self.waiting = ""
        self.paused = False
        output = self._journal.begin(self.spec.name, restarts=self.restarts, init=self.init)
        try:
            self._exit = await self.launch(output)
        except SpawnError as error:
            self.trouble = f"could not be started ({self.spec.origin}): {error}"
            return False
        finally:
            os.close(output)
        watching = None if self.init else asyncio.create_task(watch(self))
        if watching is not None:
            watching.add_done_callback(self._watched)
        try:
            ended = await self._exit
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
        self.become(ready=False)
        self.status = ended.status
        self.dead_cpu_s += ended.cpu_s
        await self.kill()
        self.trouble = self._unwell or self.out_of_memory() or str(ended)
        return ended.good

    async def launch(self, output: int) -> asyncio.Future[Exit]:
        """Start its main process and return what becomes its exit.

        Args:
            output: descriptor for what it writes; closed by the caller.

        Raises:
            SpawnError: it cannot be started.
        """
        self._pid = spawn(self.spec.argv, dict(self.spec.env), cwd=self.spec.cwd, output=output, doors=self.cell.doors)
        return self._machine.reaper.watch(self._pid)

    async def ask_to_end(self) -> None:
        """Send SIGTERM to its main process."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)

    async def terminate(self, *, grace_s: float | None = None) -> None:
        """End it as Kubernetes does: SIGTERM to its main process, then SIGKILL to all after the grace time."""
        if self.running and self._exit is not None:
            if not self.paused:  # what is paused would hear it when it is let go, and not before
                await self.ask_to_end()
            await asyncio.wait({self._exit}, timeout=self._grace_s if grace_s is None else grace_s)
        await self.kill()

    async def kill(self) -> None:
        """Kill every process of it with SIGKILL and return when none is left."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _DEATH_S
        self.become(ready=False)
        while pids := self.processes():
            _signal(pids, signal.SIGKILL)
            if loop.time() > deadline:
                self._machine.note(f"container {self.spec.name}: {len(pids)} processes do not die")
                return
            await asyncio.sleep(_POLL_S)

    async def pause(self) -> None:
        """Hold every process of it where it stands, connections and all."""
        self.paused = True
        held: frozenset[int] = frozenset()
        # What is held forks no more, so this ends when nothing has been forked since the last look.
        while fresh := self.processes() - held:
            _signal(fresh, signal.SIGSTOP)
            held |= fresh

    async def resume(self) -> None:
        """Let every process of it go on."""
        self.paused = False
        _signal(self.processes(), signal.SIGCONT)

    def processes(self) -> frozenset[int]:
        """Process ids of everything in it."""
        found = self.cell.processes()
        if found is None:
            found = frozenset(process.pid for process in self._machine.table.scan().get(self.marker, ()))
        return found | {self._pid} if self.running else found

    def out_of_memory(self) -> str:
        """Say so when the kernel has killed a process of it because of its limit since this was last asked."""
        kills = self.cell.usage().oom_kills
        new, self._oom_kills = kills > self._oom_kills, kills
        limit = self.spec.memory_limit
        if not new or limit is None:
            return ""
        return f"was killed by the kernel: it needed more than its memory limit of {format_bytes(limit)} (OOM kill)"

    def tail(self) -> tuple[str, ...]:
        """Return its last lines of output."""
        return self._journal.tail(self.spec.name)

    def become(self, *, ready: bool) -> None:
        """Take a change of readiness."""
        if self._holds != ready:
            self._holds = ready
            self._machine.changed()

    def _watched(self, watching: asyncio.Task[None]) -> None:
        if not watching.cancelled() and (error := watching.exception()) is not None:
            self._machine.note(f"container {self.spec.name} is no longer probed: {error!r}")

    def may_listen_everywhere(self, port: int) -> bool:
        """Note that it listens at every address; where other replicas need the port, that is a flaw."""
        said = f"listens on port {port} of every address of this machine and not on its own, {self.address}"
        if port not in self._machine.crowded:
            self._machine.note(f"container {self.spec.name} {said}")
            return True
        self.flaw = f"{said}, which other replicas need too ({self.spec.origin}): give it {{host}}"
        self._machine.changed()
        return False

    async def give_up(self, why: str) -> None:
        """End it, because a probe says that it is ill."""
        self._unwell = why
        self.become(ready=False)
        await self.terminate()

    async def run_command(self, argv: tuple[str, ...], timeout_s: float) -> Answer:
        """Run a probe's command in it: its environment, its folder, its control groups."""
        output = os.memfd_create("probe")
        try:
            pid = spawn(argv, dict(self.spec.env), cwd=self.spec.cwd, output=output, doors=self.cell.doors)
            exit_ = self._machine.reaper.watch(pid)
            try:
                await asyncio.wait({exit_}, timeout=timeout_s)
            finally:
                if not exit_.done():
                    os.kill(pid, signal.SIGKILL)
            if not exit_.done():
                return Answer(good=False, text=f"no end within {timeout_s:g} s")
            self.dead_cpu_s += exit_.result().cpu_s
            said = os.pread(output, 200, 0).decode(errors="replace").strip().partition("\n")[0]
            return Answer(exit_.result().good, f"{exit_.result()}{f' ({said})' if said else ''}")
        except SpawnError as error:
            return Answer(good=False, text=str(error))
        finally:
            os.close(output)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)

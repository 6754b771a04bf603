"""The supervisor's life: take the specification, run the stack, do what the owner asks, leave nothing behind.

However it ends (asked to, owner gone, SIGTERM, a fault of its own), every process and control group of the stack is
gone afterwards. Should it be killed with SIGKILL itself, its children die with it and the record lets the owner, or
the next session on this machine, remove the rest.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from gonogo.platforms.process.leftovers import clear, read_record
from gonogo.platforms.process.spec import Ask, Reply, StackSpec, StackStatus
from gonogo.platforms.process.supervisor.kernel import adopt_orphans
from gonogo.platforms.process.supervisor.pinning import pin
from gonogo.platforms.process.supervisor.stack import Stack
from gonogo.platforms.process.wire import HEADER, decode, encode, frame_size

__all__ = ["main", "supervise"]

_OWNER_CHECK_S = 1.0


def main(socket_fd: int, *held_fds: int) -> int:
    """Run one stack of processes.

    Args:
        socket_fd: the connection to the owner.
        held_fds: descriptors to keep open for as long as this process lives: the record's lock, the address block.
    """
    return supervise(socket_fd, held_fds, Stack)


def supervise(socket_fd: int, held_fds: Sequence[int], make: Callable[[StackSpec], Stack]) -> int:
    """Run the stack that the owner sends.

    Args:
        socket_fd: the connection to the owner.
        held_fds: descriptors to keep open.
        make: makes the stack, inside the running event loop.
    """
    for descriptor in (socket_fd, *held_fds):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - positional only
    adopt_orphans()
    record: list[Path] = []
    try:
        asyncio.run(_serve(socket.socket(fileno=socket_fd), record, make))
    finally:
        for path in record:
            if said := read_record(path):
                clear(said, bury=_bury)
            path.unlink(missing_ok=True)
    return 0


async def _serve(connection: socket.socket, record: list[Path], make: Callable[[StackSpec], Stack]) -> None:
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        spec = await _receive(reader)
    except asyncio.IncompleteReadError:
        return  # the owner ended before it had said what to run
    if not isinstance(spec, StackSpec):
        return
    record.append(Path(spec.record))
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, ending.set)
    guard = asyncio.create_task(_guard(spec.owner, ending))
    stack = make(spec)
    desk = asyncio.create_task(_Desk(stack, spec.cores, writer, ending).serve(reader))
    wait = asyncio.create_task(ending.wait())
    # Whatever still runs in the tasks is of no use now: the caller clears up by the record.
    await asyncio.wait({guard, desk, wait}, return_when=asyncio.FIRST_COMPLETED)
    for task in (guard, desk, wait):
        task.cancel()
    results = await asyncio.gather(guard, desk, wait, return_exceptions=True)
    await stack.abandon()
    for result in results:
        if isinstance(result, Exception):
            raise result


class _Desk:
    """Answers the owner."""

    def __init__(
        self, stack: Stack, cores: tuple[int, ...], writer: asyncio.StreamWriter, ending: asyncio.Event
    ) -> None:
        self._stack = stack
        self._cores = cores
        self._writer = writer
        self._ending = ending
        self._lock = asyncio.Lock()
        self._starting: asyncio.Task[None] | None = None

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Start the stack, and take requests until the owner closes the connection."""
        async with asyncio.TaskGroup() as group:
            self._starting = group.create_task(self._start())
            while True:
                try:
                    ask = await _receive(reader)
                except (asyncio.IncompleteReadError, ConnectionError):
                    self._ending.set()
                    return
                if isinstance(ask, Ask):
                    group.create_task(self._answer(ask))

    async def _start(self) -> None:
        started = await self._stack.start()
        if self._cores:
            pin(self._cores)
        await self._send(started)

    async def _answer(self, ask: Ask) -> None:
        status, error = StackStatus(), ""
        try:
            status = await self._do(ask)
        except (OSError, LookupError) as fault:
            error = f"{type(fault).__name__}: {fault}"
        await self._send(Reply(ask.number, status, error))
        if ask.verb == "stop":
            self._ending.set()

    async def _do(self, ask: Ask) -> StackStatus:  # noqa: PLR0911, PLR0912, C901 - one line for each verb
        match ask.verb:
            case "sample":
                return self._stack.sample()
            case "reset":
                return self._stack.reset_peaks()
            case "kill":
                return await self._stack.kill(ask.replica)
            case "pause":
                return await self._stack.pause(ask.replica)
            case "resume":
                return await self._stack.resume(ask.replica)
            case "launch":
                if ask.pod is not None:
                    self._stack.launch(ask.pod)
                return self._stack.status()
            case "end":
                return self._stack.end(ask.replica)
            case "join":
                return self._stack.join(ask.replica)
            case "leave":
                return self._stack.leave(ask.replica)
            case "stop":
                if self._starting is not None:
                    self._starting.cancel()
                return await self._stack.stop()
            case "status":
                return self._stack.status()

    async def _send(self, value: object) -> None:
        async with self._lock:
            self._writer.write(encode(value))
            await self._writer.drain()


async def _guard(owner: int, ending: asyncio.Event) -> None:
    """Notice the owner's end even where a child of it has inherited its end of the connection."""
    with suppress(OSError):
        descriptor = os.pidfd_open(owner)
        asyncio.get_running_loop().add_reader(descriptor, ending.set)
    while os.getppid() == owner:
        with suppress(TimeoutError):
            async with asyncio.timeout(_OWNER_CHECK_S):
                await ending.wait()
            return
    ending.set()


async def _receive(reader: asyncio.StreamReader) -> object:
    return decode(await reader.readexactly(frame_size(await reader.readexactly(HEADER))))


def _bury() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass

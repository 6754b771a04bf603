"""The supervisor's side of the forwarder: starts it, tells it who is ready, starts it again when it ends."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Collection
from typing import Protocol

from gonogo.platforms.process.spec import ForwardSpec
from gonogo.platforms.process.supervisor.child import SpawnError, spawn
from gonogo.platforms.process.supervisor.reaper import Reaper

__all__ = ["Forwarding", "Forwards", "forwarding_state"]

_AGAIN_S = 0.2


def forwarding_state(forwards: tuple[ForwardSpec, ...], ready: Collection[str]) -> list[dict[str, object]]:
    """Return every listener with its ready backends, as the forwarder reads it."""
    return [
        {
            "address": forward.address,
            "port": listener.port,
            "backends": [[each.address, each.port] for each in listener.backends if each.replica in ready],
        }
        for forward in forwards
        for listener in forward.listeners
    ]


class Forwards(Protocol):
    """What carries the calls between Services."""

    @property
    def error(self) -> str:
        """Why it cannot; empty when it can."""
        ...

    def tell(self, ready: Collection[str]) -> None:
        """Pass on which replicas are ready."""
        ...

    async def applied(self) -> None:
        """Wait until what was told last holds, or ``error`` says why not."""
        ...

    async def live(self) -> None:
        """Keep it running."""
        ...


class Forwarding:
    """One forwarder process for all Services of a stack.

    Args:
        forwards: what it forwards; nothing is started when empty.
        argv: its command line.
        env: its environment, with the stack's marker.
        reaper: waits for it.
        problem: told when it ends by itself.
    """

    def __init__(
        self,
        forwards: tuple[ForwardSpec, ...],
        argv: tuple[str, ...],
        env: dict[str, str],
        reaper: Reaper,
        problem: Callable[[str], None],
    ) -> None:
        self._forwards = forwards
        self._argv = argv
        self._env = env
        self._reaper = reaper
        self._problem = problem
        self._ready: frozenset[str] = frozenset()
        self._told = 0
        self._applied = asyncio.Event()
        self._stdin: asyncio.WriteTransport | None = None
        self.error = ""

    def tell(self, ready: Collection[str]) -> None:
        """Pass on which replicas are ready."""
        changed = frozenset(ready) != self._ready
        self._ready = frozenset(ready)
        if changed:
            self._send()

    async def applied(self) -> None:
        """Wait until the forwarder acts on what it was told last, or cannot (see ``error``)."""
        if self._forwards:
            await self._applied.wait()

    async def live(self) -> None:
        """Keep it running."""
        while self._forwards:
            stdin, to_stdin = os.pipe()
            stdout, output = os.pipe()
            try:
                pid = spawn(self._argv, self._env, cwd="/", output=output, stdin=stdin)
            except SpawnError as error:
                self.error = f"the forwarder could not be started: {error}"
                self._applied.set()
                os.close(to_stdin)
                os.close(stdout)
                return
            finally:
                os.close(stdin)
                os.close(output)
            ended = self._reaper.watch(pid)
            listen = asyncio.create_task(self._listen(stdout))
            self._stdin, _ = await asyncio.get_running_loop().connect_write_pipe(
                asyncio.Protocol, os.fdopen(to_stdin, "wb", 0)
            )
            self._send()
            try:
                how = await ended
            finally:
                self._stdin.close()
                self._stdin = None
                listen.cancel()
            self._problem(f"the forwarder {how}; started again")
            await asyncio.sleep(_AGAIN_S)

    def _send(self) -> None:
        if self._stdin is None:
            return
        self._told += 1
        self._applied.clear()
        state = forwarding_state(self._forwards, self._ready)
        self._stdin.write(json.dumps({"number": self._told, "listeners": state}).encode() + b"\n")

    async def _listen(self, descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        with os.fdopen(descriptor, "rb", 0) as pipe:
            transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
            try:
                while line := await reader.readline():
                    self._hear(line.decode(errors="replace").rstrip())
            finally:
                transport.close()

    def _hear(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "applied":
            if rest == str(self._told):
                self.error = ""
                self._applied.set()
        elif word == "failed":
            self.error = rest
            self._applied.set()
        else:
            print(line, file=sys.stderr)  # noqa: T201 - the supervisor's log

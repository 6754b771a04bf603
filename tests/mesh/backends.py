"""Tiny HTTP/1.1 servers behind a proxy under test: they say what reached them and misbehave on demand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

__all__ = ["Backend", "Backends", "Received"]


@dataclass(frozen=True)
class Received:
    """A request as it reached a backend; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    connection: int
    body: bytes


@dataclass
class Backend:
    """One replica.

    Attributes:
        status: what it answers.
        breaks: it closes the connection instead of answering.
        holding: it answers only once this is cleared (``Backends.release``).
        turn: how often it has answered what it held (``Backends.answer_held``).
    """

    name: str
    port: int = 0
    status: int = 200
    breaks: bool = False
    holding: bool = False
    turn: int = 0
    received: list[Received] = field(default_factory=list)
    connections: Iterator[int] = field(default_factory=count)
    waiting: int = 0


class Backends:
    """The replicas of all tests of a module, in one event loop of its own thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._released = asyncio.Event()
        self._servers: list[asyncio.Server] = []
        self._handlers: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="backends")
        self._thread.start()

    def start(self, name: str) -> Backend:
        """Start a backend on a free loopback port."""
        backend = Backend(name)

        async def begin() -> None:
            server = await asyncio.start_server(lambda r, w: self._serve(backend, r, w), "127.0.0.1", 0)
            self._servers.append(server)
            backend.port = _port(server)

        asyncio.run_coroutine_threadsafe(begin(), self._loop).result(10)
        return backend

    def release(self, *backends: Backend) -> None:
        """Let ``backends`` answer what they hold, and everything after it."""

        def let() -> None:
            for backend in backends:
                backend.holding = False
            self._released.set()
            self._released = asyncio.Event()

        self._loop.call_soon_threadsafe(let)

    def answer_held(self, backend: Backend) -> None:
        """Let ``backend`` answer what it holds now, and hold what comes afterwards."""

        def let() -> None:
            backend.turn += 1
            self._released.set()
            self._released = asyncio.Event()

        self._loop.call_soon_threadsafe(let)

    def stop(self, backend: Backend) -> None:
        """Refuse all connections to ``backend`` from now on."""

        async def end() -> None:
            [server] = [entry for entry in self._servers if entry.sockets and _port(entry) == backend.port]
            server.close()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)

    def close(self) -> None:
        """Stop all servers and the thread."""

        async def end() -> None:
            for server in self._servers:
                server.close()
            for task in list(self._handlers):
                task.cancel()
            await asyncio.gather(*self._handlers, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        connection = next(backend.connections)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._answer(backend, connection, reader, writer):
                    pass
        finally:
            self._handlers.discard(task)
            writer.close()

    async def _answer(
        self, backend: Backend, connection: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers: dict[str, str] = {}
        for line in head[1:]:
            name, colon, value = line.partition(":")
            if colon:
                known = headers.get(name.lower())
                headers[name.lower()] = value.strip() if known is None else f"{known},{value.strip()}"
        body = await _body(reader, headers)
        request = Received(method, path, headers, connection, body)
        backend.received.append(request)
        backend.waiting += 1
        turn = backend.turn
        while backend.holding and turn == backend.turn:
            await self._released.wait()
        backend.waiting -= 1
        if backend.breaks:
            return False
        said = {"backend": backend.name, "method": method, "path": path, "headers": headers, "connection": connection}
        content = json.dumps(said).encode()
        answer = f"HTTP/1.1 {backend.status} X\r\ncontent-type: application/json\r\nx-backend: {backend.name}\r\n"
        answer += f"content-length: {len(content)}\r\n\r\n"
        writer.write(answer.encode() + (b"" if method == "HEAD" else content))
        await writer.drain()
        return True


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") == "chunked":
        content = b""
        while size := int((await reader.readline()).strip(), 16):
            content += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return content
    return await reader.readexactly(int(headers.get("content-length", "0")))

"""Accepting connections: clients that connect at once are all taken at once, however long an iteration lasts."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from typing import cast

import pytest
import uvloop

from gonogo_services.serving.acceptor import Acceptor

MANY = 100
DEADLINE_S = 30.0


class Echo(asyncio.Protocol):
    """Sends back what it gets."""

    def __init__(self, begun: list[asyncio.WriteTransport]) -> None:
        self.begun = begun

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.begun.append(cast("asyncio.WriteTransport", transport))  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        self.begun[-1].write(data)


@asynccontextmanager
async def accepting(listener: socket.socket, **options: int) -> AsyncIterator[list[asyncio.WriteTransport]]:
    """Accept connections; yield those that have begun. They end with the block."""
    begun: list[asyncio.WriteTransport] = []
    acceptor = Acceptor(listener, lambda: Echo(begun), **options)
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield begun
    finally:
        acceptor.close()
        for transport in begun:
            transport.abort()
        await asyncio.sleep(0.01)  # uvloop frees handles an iteration after they were closed


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket that listens on a free loopback port."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as made:
        yield made


def connected(listener: socket.socket, count: int, opened: ExitStack) -> list[socket.socket]:
    """Return clients that the kernel has connected, and nobody has accepted."""
    return [opened.enter_context(socket.create_connection(listener.getsockname()[:2])) for _ in range(count)]


async def iterations_until(begun: list[asyncio.WriteTransport], count: int) -> int:
    """Return how many iterations of the loop go by until ``count`` connections have begun."""
    passed = 0
    while len(begun) < count:
        await asyncio.sleep(0)
        passed += 1
    return passed


def iterations(listener: socket.socket, **options: int) -> int:
    """Return how many iterations it takes until all of many clients, who wait already, are taken."""

    async def serve() -> int:
        async with accepting(listener, **options) as begun:
            return await iterations_until(begun, MANY)

    with ExitStack() as opened:
        connected(listener, MANY, opened)
        return uvloop.run(serve())


def test_all_that_wait_are_taken_within_a_few_iterations(listener: socket.socket) -> None:
    """A server of uvloop's own would need an iteration for each of them."""
    assert iterations(listener) < MANY / 5


def test_no_more_are_taken_in_one_go_than_allowed(listener: socket.socket) -> None:
    """Ten at a time: a hundred take ten iterations or more."""
    assert iterations(listener, at_once=10) >= MANY / 10


def test_what_was_taken_is_served(listener: socket.socket) -> None:
    """Data go to the connection's protocol and back."""

    async def serve() -> bytes:
        async with accepting(listener):
            reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            writer.write(b"said")
            answer = await reader.readexactly(4)
            writer.close()
            await writer.wait_closed()
            return answer

    assert uvloop.run(serve()) == b"said"


def test_a_closed_one_takes_nothing(listener: socket.socket) -> None:
    """Who connects afterwards waits in the kernel, for whoever listens next."""

    async def serve() -> int:
        begun: list[asyncio.WriteTransport] = []
        Acceptor(listener, lambda: Echo(begun)).close()
        for _ in range(50):
            await asyncio.sleep(0)
        return len(begun)

    with ExitStack() as opened:
        connected(listener, 1, opened)
        assert uvloop.run(serve()) == 0


def test_too_many_open_files_do_not_end_it(listener: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    """It says so, rests, and takes connections again once there is room."""

    async def serve() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        async with accepting(listener) as begun:
            next_free = os.dup(0)
            os.close(next_free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (next_free, hard))
            try:
                for _ in range(50):
                    await asyncio.sleep(0)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert begun == []
            await iterations_until(begun, 1)

    with ExitStack() as opened:
        connected(listener, 1, opened)
        uvloop.run(serve())
    assert "no connection can be taken" in caplog.text

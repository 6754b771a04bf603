"""The forwarder passes connections on, each in turn, with their halves, pauses and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.patience import PATIENCE_S
from gonogo.platforms.process.forwarder.balance import RoundRobin
from gonogo.platforms.process.forwarder.main import Forwarder
from gonogo.platforms.process.spec import Backend, ForwardSpec, Listener
from gonogo.platforms.process.supervisor.forwarding import forwarding_state
from tests.contracts.waiting import comes_true

HOST = "127.0.0.1"
Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@given(st.lists(st.tuples(st.just(HOST), st.integers(1, 9)), min_size=1, unique=True), st.integers(1, 50))
def test_turns_are_even(backends: list[tuple[str, int]], picks: int) -> None:
    """No backend is ever more than one connection ahead of another."""
    turns = RoundRobin(backends)
    picked = [turns.pick() for _ in range(picks)]
    counts = [picked.count(backend) for backend in backends]
    assert max(counts) - min(counts) <= 1


def test_a_change_goes_on_where_the_turn_stood() -> None:
    """One that leaves does not send the turn back to the first."""
    a, b, c = ((HOST, port) for port in (1, 2, 3))
    turns = RoundRobin([a, b, c])
    assert turns.pick() == a
    turns.set([b, c])
    assert [turns.pick(), turns.pick(), turns.pick()] == [b, c, b]


def test_nobody_has_no_turn() -> None:
    """Without a ready replica there is nothing to pick."""
    assert RoundRobin().pick() is None


def test_only_ready_replicas_are_told() -> None:
    """The state names every listener, with those of its backends that are ready."""
    backends = (Backend("shop/web/0", "127.9.1.1", 8000), Backend("shop/web/1", "127.9.1.2", 8000))
    forward = ForwardSpec("shop/web", "127.9.0.1", (Listener(80, backends),))
    assert forwarding_state((forward,), {"shop/web/1"}) == [
        {"address": "127.9.0.1", "port": 80, "backends": [["127.9.1.2", 8000]]}
    ]


@asynccontextmanager
async def forwarding(*handles: Handle, most: int = 100) -> AsyncIterator[tuple[Forwarder, int, list[int]]]:
    """A forwarder in front of servers; its port and theirs."""
    servers = [await asyncio.start_server(handle, HOST, 0) for handle in handles]  # type: ignore[arg-type] # any result
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    probe = await asyncio.start_server(lambda *_: None, HOST, 0)
    front = probe.sockets[0].getsockname()[1]
    probe.close()
    await probe.wait_closed()
    forwarder = Forwarder(most)
    await forwarder.apply(state(front, *ports))
    try:
        yield forwarder, front, ports
    finally:
        await forwarder.apply(state(front))
        for server in servers:
            server.close()


def state(front: int, *ports: int) -> list[dict[str, object]]:
    """Return the state of one listener."""
    return [{"address": HOST, "port": front, "backends": [[HOST, port] for port in ports]}]


async def everything(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read to the end, then answer with it: works only when halves of a connection are closed by themselves."""
    try:
        writer.write(await reader.read())
        await writer.drain()
    finally:
        writer.close()


async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: bytes = b"x") -> None:
    """Say something and close."""
    del reader
    writer.write(text)
    writer.close()


async def talk(port: int, data: bytes) -> bytes:
    """Send, end the sending half, and return the answer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(data)
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), PATIENCE_S)
    finally:
        writer.close()


async def test_a_half_closed_connection_still_answers() -> None:
    """The end of the request reaches the server, and its answer the caller."""
    async with forwarding(everything) as (_, port, _):
        assert await talk(port, b"hello") == b"hello"


async def test_large_bodies_pass_both_ways() -> None:
    """Eight MiB there and back, far more than any buffer."""
    data = bytes(range(256)) * 32_768
    async with forwarding(everything) as (_, port, _):
        assert await talk(port, data) == data


async def test_a_slow_reader_holds_the_sender_back() -> None:
    """While the server does not read, the caller cannot send without end: what is on the way is bounded."""
    begin = asyncio.Event()
    got = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal got
        try:
            await begin.wait()
            while data := await reader.read(1 << 20):
                got += len(data)
        finally:
            writer.close()

    async with forwarding(slow) as (_, port, _):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.transport.set_write_buffer_limits(high=0)
        sent = 0
        # A drain that goes through says that the caller may send more: after some MiB it no longer does.
        drained = True
        while drained and sent < 1 << 30:
            writer.write(bytes(1 << 20))
            sent += 1 << 20
            drain = asyncio.ensure_future(writer.drain())
            drained = bool((await asyncio.wait({drain}, timeout=0.3))[0])
        assert sent < 1 << 28
        begin.set()
        await drain
        await writer.drain()
        writer.write_eof()
        await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
        assert got == sent


async def test_connections_go_to_each_in_turn() -> None:
    """Two backends share four connections evenly."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await say(reader, writer, b"1")

    async def two(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await say(reader, writer, b"2")

    async with forwarding(one, two) as (_, port, _):
        assert [await talk(port, b"") for _ in range(4)] == [b"1", b"2", b"1", b"2"]


async def test_without_a_ready_replica_connections_are_refused() -> None:
    """As kube-proxy refuses them; and accepted again when one is ready."""
    async with forwarding(say) as (forwarder, port, ports):
        await forwarder.apply(state(port))
        with pytest.raises(ConnectionRefusedError):
            await talk(port, b"")
        await forwarder.apply(state(port, *ports))
        assert await talk(port, b"") == b"x"


async def test_a_dead_replica_resets_the_caller() -> None:
    """A backend that refuses is told to the caller as an error, not as an empty answer."""
    async with forwarding(say) as (forwarder, port, _):
        closed = await asyncio.start_server(lambda *_: None, HOST, 0)
        dead = closed.sockets[0].getsockname()[1]
        closed.close()
        await closed.wait_closed()
        await forwarder.apply(state(port, dead))
        with pytest.raises(ConnectionResetError):
            await talk(port, b"")


async def test_open_connections_are_bounded() -> None:
    """The first is served; one above the bound is reset; when the first ends there is room again."""
    async with forwarding(everything, most=1) as (forwarder, port, _):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"a")
        await comes_true(lambda: forwarder._open)
        with pytest.raises(ConnectionResetError):
            await talk(port, b"b")
        writer.write_eof()
        assert await reader.read() == b"a"
        writer.close()
        await comes_true(lambda: not forwarder._open)
        assert await talk(port, b"c") == b"c"


async def test_an_answer_before_the_callers_end_closes_both_sides() -> None:
    """When both halves have ended nothing stays open."""
    async with forwarding(say) as (forwarder, port, _):
        await talk(port, b"")
        await comes_true(lambda: not forwarder._open)

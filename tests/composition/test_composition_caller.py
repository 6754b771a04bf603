"""HTTP to one service, which is a socket that does as it likes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fixtures.patience import PATIENCE_S
from gonogo_services.composition.backend import Backend, Policy
from gonogo_services.composition.caller import HttpCaller
from gonogo_services.composition.outcome import Failure, FailureKind, Prediction
from tests.composition.sockets import Behaviour, listening

PAIR = b'{"prediction":[0.75,0.25]}'
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(PAIR), PAIR)


@asynccontextmanager
async def service(behaviour: Behaviour) -> AsyncIterator[Backend]:
    """A service whose every connection does ``behaviour``."""
    async with listening(behaviour) as place:
        yield Backend("setosa", f"http://{place}", 1.0, Policy.FAIL)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Return one request with its body of six bytes."""
    return await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(len(b"flower"))


def answering(content: bytes) -> Behaviour:
    """Answer one request with ``content`` and close."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(content)
        await writer.drain()

    return behaviour


async def never(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take what comes and say nothing."""
    while await reader.read(1000):
        pass


async def outcome_of(behaviour: Behaviour, timeout_s: float = PATIENCE_S) -> Prediction | Failure:
    """Return what becomes of one request."""
    async with service(behaviour) as backend, HttpCaller(4) as caller:
        return await caller.predict(backend, b"flower", timeout_s)


async def test_a_good_answer_is_a_prediction() -> None:
    """A pair under 200 is what was predicted."""
    assert await outcome_of(answering(GOOD)) == Prediction(0.75, 0.25)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", FailureKind.RESET),
        (GOOD[:-3], FailureKind.RESET),
        (b"I am no web server\r\n\r\n", FailureKind.GARBAGE),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", FailureKind.GARBAGE),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n" + b"x" * 100_000, FailureKind.GARBAGE),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000, FailureKind.GARBAGE),
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", FailureKind.STATUS),
        (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", FailureKind.STATUS),
    ],
)
async def test_a_bad_answer_is_a_failure_of_its_kind(content: bytes, kind: FailureKind) -> None:
    """Nothing that a service sends raises, is followed elsewhere, or is read without an end."""
    outcome = await outcome_of(answering(content))
    assert isinstance(outcome, Failure)
    assert outcome.kind is kind


async def test_no_answer_is_a_timeout() -> None:
    """A service that hangs is left after the timeout."""
    outcome = await outcome_of(never, timeout_s=0.05)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.TIMEOUT


async def test_no_service_is_a_failed_connection() -> None:
    """Nobody listens where nobody listens any more."""
    async with HttpCaller(4) as caller:
        async with service(never) as backend:
            pass
        outcome = await caller.predict(backend, b"flower", PATIENCE_S)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.CONNECT


async def test_connections_are_kept_and_bounded() -> None:
    """Twenty requests at once over at most three connections, each used again."""
    opened = 0

    async def keeping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        while True:
            await read_request(reader)
            writer.write(GOOD)

    async with service(keeping) as backend, HttpCaller(3) as caller:
        outcomes = await asyncio.gather(*(caller.predict(backend, b"flower", PATIENCE_S) for _ in range(20)))
    assert outcomes == [Prediction(0.75, 0.25)] * 20
    assert opened == 3


@pytest.mark.parametrize(("status", "healthy"), [(b"200 OK", True), (b"503 Busy", False)])
async def test_health_is_the_status(status: bytes, healthy: bool) -> None:  # noqa: FBT001 - a row of the table
    """What a healthy service says is its own affair."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\nhi")

    async with service(answer) as backend, HttpCaller(3) as caller:
        assert await caller.healthy(backend, PATIENCE_S) == healthy

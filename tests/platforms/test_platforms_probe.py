"""Probes as the kubelet asks them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fixtures.patience import PATIENCE_S
from gonogo.manifests.topology import Exec, HttpGet, Probe, TcpSocket
from gonogo.platforms.process.supervisor.probe import Answer, ask, connects, describe, listens_everywhere

HOST = "127.0.0.1"
HEADER = "  sl  local_address rem_address   st tx_queue\n"


@asynccontextmanager
async def answering(data: bytes, *, hang: bool = False) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers every connection with ``data``; its port and the requests that it got."""
    requests: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if data or hang:
                requests.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(data)
            if hang:
                await reader.read()
        finally:
            writer.close()

    async with await asyncio.start_server(handle, HOST, 0) as server:
        yield server.sockets[0].getsockname()[1], requests


async def no_command(argv: tuple[str, ...], timeout_s: float) -> Answer:
    """Stand in for a container's commands."""
    return Answer(good=argv == ("true",), text=f"{argv[0]} within {timeout_s:g} s")


@pytest.mark.parametrize(("status", "good"), [(200, True), (302, True), (399, True), (404, False), (500, False)])
async def test_a_status_of_200_to_399_is_good(status: int, good: bool) -> None:  # noqa: FBT001 - a table's column
    """As the kubelet takes it; redirects are not followed."""
    async with answering(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()) as (port, _):
        answer = await ask(Probe(HttpGet("/health", port), timeout_s=PATIENCE_S), HOST, no_command)
    assert answer == Answer(good, f"status {status}")


async def test_a_bad_answer_is_shown() -> None:
    """The beginning of the body says more than the status."""
    async with answering(b"HTTP/1.1 503 X\r\nContent-Length: 11\r\n\r\nno database") as (port, _):
        answer = await ask(Probe(HttpGet("/health", port), timeout_s=PATIENCE_S), HOST, no_command)
    assert answer.text == "status 503 (no database)"


async def test_path_and_headers_are_sent() -> None:
    """Headers of the manifest take the place of the probe's own."""
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (port, requests):
        await ask(
            Probe(HttpGet("/ready?x=1", port, headers=(("Host", "shop"), ("X-A", "b"))), timeout_s=PATIENCE_S),
            HOST,
            no_command,
        )
    lines = requests[0].decode().split("\r\n")
    assert lines[0] == "GET /ready?x=1 HTTP/1.1"
    assert [line for line in lines if line.startswith(("Host", "X-A"))] == ["Host: shop", "X-A: b"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"SSH-2.0-x\r\n", "no HTTP answer: b'SSH-2.0-x\\r\\n'"),
        (b"", "the connection was closed without an answer"),
    ],
    ids=["another protocol", "nothing"],
)
async def test_what_is_no_http_is_bad(data: bytes, text: str) -> None:
    """A port that speaks something else is not healthy."""
    async with answering(data) as (port, _):
        answer = await ask(Probe(HttpGet("/", port), timeout_s=PATIENCE_S), HOST, no_command)
    assert answer == Answer(good=False, text=text)


async def test_no_answer_in_time_is_bad() -> None:
    """TimeoutSeconds bounds the whole probe."""
    async with answering(b"", hang=True) as (port, _):
        answer = await ask(Probe(HttpGet("/", port), timeout_s=0.05), HOST, no_command)
    assert answer == Answer(good=False, text="no answer within 0.05 s")


async def test_a_tcp_probe_connects() -> None:
    """An open port is good, a closed one is told as refused."""
    async with answering(b"") as (port, _):
        assert (await ask(Probe(TcpSocket(port), timeout_s=PATIENCE_S), HOST, no_command)).good
    assert (await connects(HOST, port, PATIENCE_S)).text == "connection refused"


async def test_an_exec_probe_runs_the_command_within_its_timeout() -> None:
    """The container runs it; the probe says how long it may take."""
    assert await ask(Probe(Exec(("false",)), timeout_s=2), HOST, no_command) == Answer(
        good=False, text="false within 2 s"
    )


@pytest.mark.parametrize(
    ("probe", "text"),
    [
        (Probe(HttpGet("/health", 80, scheme="HTTPS")), "GET https://127.0.0.1:80/health"),
        (Probe(TcpSocket(80)), "connection to 127.0.0.1:80"),
        (Probe(Exec(("cat", "x"))), "command cat x"),
    ],
)
def test_probes_are_described_for_people(probe: Probe, text: str) -> None:
    """The words that stand in messages."""
    assert describe(probe, HOST) == text


@pytest.mark.parametrize(
    ("v4", "v6", "everywhere"),
    [
        ("0: 0101097F:1F40 00000000:0000 0A\n", "", False),
        ("0: 00000000:1F40 00000000:0000 0A\n", "", True),
        ("0: 00000000:1F40 00000000:0000 0A\n1: 0101097F:1F40 00000000:0000 0A\n", "", False),
        ("", f"0: {'0' * 32}:1F40 {'0' * 32}:0000 0A\n", True),
        ("0: 00000000:1F41 00000000:0000 0A\n", "", False),
        ("0: 00000000:1F40 00000000:0000 01\n", "", False),
        ("0: 0201097F:1F40 00000000:0000 0A\n", "", False),
        ("", "", False),
    ],
    ids=["own", "any", "any and own", "any, IPv6", "another port", "not listening", "another address", "nothing"],
)
def test_listening_everywhere_is_seen(v4: str, v6: str, everywhere: bool) -> None:  # noqa: FBT001 - a table's column
    """Port 8000 (1F40) at 0.0.0.0 or ::, and not at 127.9.1.1 itself."""
    assert listens_everywhere(8000, "127.9.1.1", (HEADER + v4, HEADER + v6)) is everywhere

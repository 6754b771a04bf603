"""Asking a container whether it is well: HTTP GET, TCP connection, command. As the kubelet does, from outside."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gonogo.manifests.topology import Exec, HttpGet, Probe, TcpSocket

__all__ = ["Answer", "Command", "ask", "connects", "describe", "listens_everywhere"]

Command = Callable[[tuple[str, ...], float], Awaitable["Answer"]]
"""Runs a command in the container within a number of seconds."""

_MOST_HEAD = 16_384
_SHOWN = 80
_LISTEN = "0A"
_ANYWHERE = frozenset({"00000000", "0" * 32})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one probe found; ``text`` is for people."""

    good: bool
    text: str


def describe(probe: Probe, address: str) -> str:
    """Return a probe's action in words."""
    match probe.action:
        case HttpGet() as get:
            return f"GET {get.scheme.lower()}://{address}:{get.port}{get.path}"
        case TcpSocket() as tcp:
            return f"connection to {address}:{tcp.port}"
        case Exec() as command:
            return f"command {' '.join(command.command)}"


async def ask(probe: Probe, address: str, command: Command) -> Answer:
    """Run a probe's action once, within its timeout."""
    try:
        match probe.action:
            case HttpGet() as get:
                # Not wait_for(): before Python 3.12 it swallows a cancellation that comes with the result.
                async with asyncio.timeout(probe.timeout_s):
                    return await _http(get, address)
            case TcpSocket() as tcp:
                return await connects(address, int(tcp.port), probe.timeout_s)
            case Exec() as action:
                return await command(action.command, probe.timeout_s)
    except TimeoutError:
        return Answer(good=False, text=f"no answer within {probe.timeout_s:g} s")
    except (OSError, ValueError, asyncio.LimitOverrunError) as error:
        return Answer(good=False, text=_reason(error))


async def connects(address: str, port: int, timeout_s: float) -> Answer:
    """Whether a port accepts a connection."""
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        return Answer(good=False, text=f"no connection within {timeout_s:g} s")
    except OSError as error:
        return Answer(good=False, text=_reason(error))
    writer.transport.abort()
    return Answer(good=True, text="connected")


def listens_everywhere(port: int, address: str, tables: tuple[str, ...]) -> bool:
    """Whether a port is listened on at every address of the machine and not at ``address`` itself.

    Args:
        port: TCP port.
        address: IPv4 address.
        tables: texts of /proc/net/tcp and /proc/net/tcp6 (proc(5): addresses are hexadecimal, in host byte order).
    """
    own = "".join(f"{int(part):02X}" for part in reversed(address.split(".")))
    wildcard = False
    for table in tables:
        for line in table.splitlines()[1:]:
            fields = line.split()
            if len(fields) < 4 or fields[3] != _LISTEN:  # noqa: PLR2004 - sl, local, remote, state
                continue
            host, _, number = fields[1].partition(":")
            if int(number, 16) == port:
                if host == own:
                    return False
                wildcard = wildcard or host in _ANYWHERE
    return wildcard


async def _http(get: HttpGet, address: str) -> Answer:
    context = None
    if get.scheme == "HTTPS":
        import ssl  # noqa: PLC0415 - takes longer to import than the rest of the supervisor, and few need it

        context = ssl._create_unverified_context()  # noqa: S323, SLF001 - the kubelet does not verify either
    reader, writer = await asyncio.open_connection(address, int(get.port), ssl=context, limit=_MOST_HEAD)
    try:
        names = {name.lower() for name, _ in get.headers}
        lines = [f"GET {get.path or '/'} HTTP/1.1"]
        if "host" not in names:
            lines.append(f"Host: {address}:{get.port}")
        if "user-agent" not in names:
            lines.append("User-Agent: kube-probe/gonogo")
        lines += ["Accept: */*", *(f"{name}: {value}" for name, value in get.headers), "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode())
        head = await reader.readuntil(b"\n")
        parts = head.decode("latin-1").split(None, 2)
        if len(parts) < 2 or not parts[0].startswith("HTTP/") or not parts[1].isdigit():  # noqa: PLR2004
            return Answer(good=False, text=f"no HTTP answer: {head[:_SHOWN]!r}")
        status = int(parts[1])
        if 200 <= status < 400:  # noqa: PLR2004 - what the kubelet takes for success
            return Answer(good=True, text=f"status {status}")
        return Answer(good=False, text=f"status {status}{await _body(reader)}")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return Answer(good=False, text="the connection was closed without an answer")
    finally:
        writer.transport.abort()


async def _body(reader: asyncio.StreamReader) -> str:
    while (await reader.readline()).strip():
        pass
    body = await reader.read(_SHOWN)
    return f" ({body.decode(errors='replace').strip()})" if body.strip() else ""


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number).lower() if number else str(error) or type(error).__name__

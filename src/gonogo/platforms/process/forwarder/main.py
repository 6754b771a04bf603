"""The forwarder's life: read the state of all Services from standard input, line by line, and make it so.

A line is ``{"number": N, "listeners": [{"address", "port", "backends": [[address, port], …]}, …]}``, always the whole
state. The answer on standard output is ``applied N`` or ``failed REASON``. It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from gonogo.platforms.process.forwarder.balance import RoundRobin
from gonogo.platforms.process.forwarder.tunnel import Inbound

__all__ = ["Forwarder", "main"]

_BACKLOG = 4096
_MOST_LINE = 16 * 1024 * 1024


class Forwarder:
    """Every listener of a stack.

    Args:
        most: how many connections may be open at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[Inbound] = set()
        self._backends: dict[tuple[str, int], RoundRobin] = {}
        self._servers: dict[tuple[str, int], asyncio.Server] = {}

    async def apply(self, listeners: list[dict[str, Any]]) -> None:
        """Listen for every Service that has a ready replica, and only for those: others refuse connections.

        Raises:
            OSError: an address cannot be listened on.
        """
        for listener in listeners:
            key = (str(listener["address"]), int(listener["port"]))
            turns = self._backends.setdefault(key, RoundRobin())
            turns.set([(str(host), int(port)) for host, port in listener["backends"]])
            if turns and key not in self._servers:
                self._servers[key] = await asyncio.get_running_loop().create_server(
                    partial(Inbound, turns, self._open, self._most), *key, backlog=_BACKLOG
                )
            elif not turns and key in self._servers:
                self._servers.pop(key).close()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_MOST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    forwarder = Forwarder(most=max(1, (files - 64) // 2))
    while line := await reader.readline():
        state = json.loads(line)
        try:
            await forwarder.apply(state["listeners"])
        except OSError as error:
            print(f"failed the forwarder cannot listen: {error}", flush=True)  # noqa: T201 - the answer
        else:
            print(f"applied {state['number']}", flush=True)  # noqa: T201 - the answer


def main() -> int:
    """Forward until standard input ends."""
    run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run
    with suppress(ImportError):
        import uvloop  # noqa: PLC0415 - several times faster, and not there on every machine

        run = uvloop.run
    run(_serve())
    return 0

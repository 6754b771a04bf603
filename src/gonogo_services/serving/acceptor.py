"""Accepting connections: all that wait, each time the loop comes by.

uvloop's own server takes one connection an iteration of its loop (libuv since 1.45, https://github.com/libuv/libuv/pull/3696).
Under load an iteration lasts as long as all requests that are ready: with 150 of them at a tenth of a CPU that is more
than 100 ms, and the last of 150 clients that connect at once would wait longer than 10 s for their first answer.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import Final

__all__ = ["Acceptor"]

# What there is no room for now: files, or the kernel's memory (accept(2)).
_FULL: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_REST_S: Final = 0.5

logger = logging.getLogger(__name__)


class Acceptor:
    """Takes connections until it is closed; made inside a running loop.

    Args:
        listener: a socket that listens already.
        make_protocol: makes the protocol of a connection.
        at_once: the most that are taken in one go, so that those who are served already are not kept waiting.
    """

    def __init__(
        self, listener: socket.socket, make_protocol: Callable[[], asyncio.Protocol], *, at_once: int = 1000
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._make_protocol = make_protocol
        self._at_once = at_once
        self._begun: set[asyncio.Task[object]] = set()
        self._rest: asyncio.TimerHandle | None = None
        listener.settimeout(0.0)
        self._listen()

    def close(self) -> None:
        """Take no further connection; those that were taken live on."""
        if self._rest is not None:
            self._rest.cancel()
        self._loop.remove_reader(self._listener.fileno())

    def _listen(self) -> None:
        self._rest = None
        self._loop.add_reader(self._listener.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(self._at_once):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:  # this client has gone; the next may be there
                continue
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                logger.error("no connection can be taken for %g s: %s", _REST_S, error.strerror)  # noqa: TRY400 - no trace
                self._loop.remove_reader(self._listener.fileno())
                self._rest = self._loop.call_later(_REST_S, self._listen)
                return
            connection.settimeout(0.0)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            begun = self._loop.create_task(self._begin(connection))
            self._begun.add(begun)
            begun.add_done_callback(self._begun.discard)

    async def _begin(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make_protocol, connection)
        except OSError as error:
            logger.debug("a connection ended before it began: %s", error)
            connection.close()

"""One forwarded connection: two sockets whose bytes, ends and pauses are passed on to each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from gonogo.platforms.process.forwarder.balance import Backend, RoundRobin

__all__ = ["Inbound"]

_BUFFER = 262_144
_CONNECT_S = 5.0


class _End(asyncio.Protocol):
    """One side of a tunnel."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.peer: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=_BUFFER)

    def data_received(self, data: bytes) -> None:
        if self.peer is not None:
            self.peer.write(data)

    def pause_writing(self) -> None:
        # This side's reader is slow: the other side is not read until it has caught up.
        if self.peer is not None and not self.peer.is_closing():
            self.peer.pause_reading()

    def resume_writing(self) -> None:
        if self.peer is not None and not self.peer.is_closing():
            self.peer.resume_reading()

    def eof_received(self) -> bool:
        # Half closed: the peer is told that no more comes, and may go on answering.
        if self.peer is not None and not self.peer.is_closing() and self.peer.can_write_eof():
            self.peer.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self.peer is None or self.peer.is_closing():
            return
        if exc is None:
            self.peer.close()
        else:
            self.peer.abort()


class Inbound(_End):
    """The caller's side; it opens the replica's side.

    Args:
        backends: whose turn it is.
        open_tunnels: every tunnel that is open; it bounds them.
        most: how many may be open; what comes on top is reset.
    """

    def __init__(self, backends: RoundRobin, open_tunnels: set[Inbound], most: int) -> None:
        super().__init__()
        self._backends = backends
        self._open = open_tunnels
        self._most = most
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Choose a replica and connect to it; until then nothing is read."""
        super().connection_made(transport)
        backend = self._backends.pick()
        inbound = cast("asyncio.Transport", transport)
        if backend is None or len(self._open) >= self._most:
            inbound.abort()
            return
        self._open.add(self)
        inbound.pause_reading()
        self._connecting = asyncio.get_running_loop().create_task(self._connect(inbound, backend))

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the replica's side, or stop opening it."""
        self._open.discard(self)
        if self._connecting is not None:
            self._connecting.cancel()
        super().connection_lost(exc)

    async def _connect(self, inbound: asyncio.Transport, backend: Backend) -> None:
        outbound = _End()
        outbound.peer = inbound
        make: Callable[[], _End] = lambda: outbound  # noqa: E731 - a factory of one
        try:
            transport, _ = await asyncio.wait_for(
                asyncio.get_running_loop().create_connection(make, *backend), _CONNECT_S
            )
        except (OSError, TimeoutError):
            inbound.abort()
            return
        self.peer = transport
        self._connecting = None
        if inbound.is_closing():
            transport.abort()
        else:
            inbound.resume_reading()

"""One forwarded connection: two sockets whose bytes, ends and pauses are passed on to each other."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import cast

from gonogo.platforms.process.forwarder.balance import Backend, RoundRobin

__all__ = ["Inbound"]

_BUFFER = 262_144
_CONNECT_S = 5.0


class _End(asyncio.Protocol):
    """One side of a tunnel. ``other`` is set when both sides are connected."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None
        self.ended = False

    @property
    def peer(self) -> asyncio.Transport | None:
        """The other side's transport while it can be used."""
        transport = self.other.transport if self.other is not None else None
        return None if transport is None or transport.is_closing() else transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=_BUFFER)

    def data_received(self, data: bytes) -> None:
        if (peer := self.peer) is not None:
            peer.write(data)

    def pause_writing(self) -> None:
        # This side's reader is slow: the other side is not read until it has caught up.
        if (peer := self.peer) is not None:
            peer.pause_reading()

    def resume_writing(self) -> None:
        if (peer := self.peer) is not None:
            peer.resume_reading()

    def eof_received(self) -> bool:
        # Half closed: the other side is told that no more comes, and may go on answering.
        self.ended = True
        if (peer := self.peer) is not None:
            peer.write_eof()
        if self.transport is not None and self.other is not None and self.other.ended:
            self.transport.close()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if (peer := self.peer) is None:
            return
        if exc is None:
            peer.close()
        else:
            _reset(peer)


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
        self._early = bytearray()  # what came before the replica's side was open
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Choose a replica and connect to it."""
        super().connection_made(transport)
        backend = self._backends.pick()
        if backend is None or len(self._open) >= self._most:
            _reset(cast("asyncio.Transport", transport))
            return
        self._open.add(self)
        self._connecting = asyncio.get_running_loop().create_task(self._connect(backend))

    def data_received(self, data: bytes) -> None:
        """Pass it on, or keep it until there is somebody to pass it to."""
        if self.other is not None:
            super().data_received(data)
            return
        self._early += data
        if len(self._early) > _BUFFER and self.transport is not None:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the replica's side, or stop opening it."""
        self._open.discard(self)
        if self._connecting is not None:
            self._connecting.cancel()
        super().connection_lost(exc)

    async def _connect(self, backend: Backend) -> None:
        inbound = self.transport
        if inbound is None:
            return
        outbound = _End()
        outbound.other = self
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_S):
                transport, _ = await loop.create_connection(lambda: outbound, *backend)
        except (OSError, TimeoutError):
            _reset(inbound)
            return
        self.other, self._connecting = outbound, None
        if inbound.is_closing():
            transport.abort()
            return
        transport.write(bytes(self._early))
        self._early.clear()
        if self.ended:
            transport.write_eof()
        elif not inbound.is_reading():
            inbound.resume_reading()


def _reset(transport: asyncio.Transport) -> None:
    """Close at once, so that the caller sees an error and not the end of an empty answer."""
    # socket(7): closing with a linger time of 0 sends RST.
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()

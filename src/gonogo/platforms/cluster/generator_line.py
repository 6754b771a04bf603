"""A program in a Pod and its two streams, by the API server's ``exec``: no port is opened, no route to the Pod needed.

Protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/ (WebSockets with a byte for the channel before
each message), spoken by the ``kubernetes`` client.
"""

from __future__ import annotations

import select
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from kubernetes.stream.ws_client import ERROR_CHANNEL, STDERR_CHANNEL, STDIN_CHANNEL, STDOUT_CHANNEL
from websocket import WebSocketException

from gonogo.errors import EnvironmentFault
from gonogo.platforms.cluster.api import Stream

__all__ = ["ExecLine"]

_BROKEN: Final = (WebSocketException, OSError, ssl.SSLError, AttributeError)
"""What the client raises when its connection has ended; AttributeError: another thread has just closed it."""

_LAST_WORDS: Final = 2000
_FAREWELL_S: Final = 1


class ExecLine:
    """A program that runs in a Pod's container.

    Args:
        stream: the connection over which it was started.
        place: where it runs.
        why: asks the cluster why it ended, told what the connection knows of it.
    """

    def __init__(self, stream: Stream, place: str, why: Callable[[str], str]) -> None:
        self._stream = stream
        self._place = place
        self._why = why
        self._words = b""
        self._status = ""
        self._broken = ""
        self._closed = False
        # One TLS connection must not be read and written at the same time.
        self._lock = threading.Lock()
        self._socket = stream.sock.sock
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    @property
    def place(self) -> str:
        """Where the program runs."""
        return self._place

    def send(self, data: bytes) -> None:
        """Write to its standard input.

        Raises:
            EnvironmentFault: the connection has ended.
        """
        try:
            with self._lock:
                self._stream.write_channel(STDIN_CHANNEL, data)
        except _BROKEN as error:
            raise EnvironmentFault(f"the stream to it broke off ({error})", where=self._place) from error

    def receive(self, timeout_s: float) -> bytes | None:
        """Return what it wrote within ``timeout_s``; None when it has ended and all was read."""
        try:
            if not self._has_more():
                self._poll.poll(timeout_s * 1000)
            with self._lock:
                self._stream.update(timeout=0)
                # Output comes last: each of these may take in more of it, and none may follow the end.
                self._status += self._stream.read_channel(ERROR_CHANNEL).decode(errors="replace")
                ended = bool(self._status) or not self._stream.is_open()
                self._words = (self._words + self._stream.read_channel(STDERR_CHANNEL))[-_LAST_WORDS:]
                said = self._stream.read_channel(STDOUT_CHANNEL)
        except (*_BROKEN, ValueError) as error:
            self._broken = self._broken or str(error)
            return None
        return None if ended and not said else said

    def close(self) -> None:
        """End the connection, and with it the program, whose standard input ends."""
        with self._lock:
            if not self._closed:
                self._closed = True
                with suppress(*_BROKEN):
                    self._stream.close(timeout=_FAREWELL_S)
                self._socket.close()  # the client leaves it open where the other side has ended first

    def why(self) -> str:
        """Why it ended, as a clause with its last words."""
        if self._closed:
            return "it was ended"
        words = self._words.decode(errors="replace").strip().splitlines()
        last = f": {words[-1]}" if words else ""
        known = f"it ended by itself{last}" if self._status else f"the stream from it broke off{last or self._cause()}"
        return self._why(known)

    def _cause(self) -> str:
        return f" ({self._broken})" if self._broken else ""

    def _has_more(self) -> bool:
        """Whether data has been decrypted that nobody has read yet, which poll does not see."""
        return isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0

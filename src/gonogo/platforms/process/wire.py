"""Frames on the socket between owner and supervisor: four bytes of length, then a pickled value.

Pickle is safe here: both ends are this package, and the socket is inherited, never named, so nobody else can write.
"""

from __future__ import annotations

import pickle
import socket
import struct
import time

__all__ = ["Closed", "decode", "encode", "frame_size", "receive"]

_LENGTH = struct.Struct(">I")
HEADER = _LENGTH.size


class Closed(Exception):
    """The other end is gone."""


def encode(value: object) -> bytes:
    """Return ``value`` as one frame."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


def frame_size(header: bytes) -> int:
    """Return how many bytes follow ``header``."""
    (size,) = _LENGTH.unpack(header)
    return int(size)


def decode(body: bytes) -> object:
    """Return the value of a frame without its header."""
    return pickle.loads(body)  # noqa: S301 - see the module's docstring


def receive(sock: socket.socket, timeout_s: float) -> object:
    """Wait for one frame.

    Raises:
        TimeoutError: no complete frame within ``timeout_s``.
        Closed: the other end closed the socket.
    """
    deadline = time.monotonic() + timeout_s
    return decode(_exactly(sock, frame_size(_exactly(sock, HEADER, deadline)), deadline))


def _exactly(sock: socket.socket, size: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(left)
        try:
            part = sock.recv(size - len(parts))
        except ConnectionError as error:
            raise Closed from error
        if not part:
            raise Closed
        parts += part
    return bytes(parts)

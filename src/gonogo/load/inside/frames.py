"""Frames: what the session and a worker inside of the stack say to each other over two streams of bytes.

A frame is its kind (one byte), the length of its content (four bytes, big-endian), and the content.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from gonogo.errors import EnvironmentFault

__all__ = ["LONGEST", "FrameReader", "Kind", "frame"]

LONGEST: Final = 1 << 30
"""The most bytes that a frame may hold."""

_HEAD: Final = struct.Struct(">BI")


class Kind(IntEnum):
    """Kinds of frames. The session sends those up to CONTROL, a worker the others."""

    ASSIGNMENT = 1
    """A pickled :class:`gonogo.load.inside.assignment.Assignment`."""
    PING = 2
    """Any bytes; they come back in a PONG. Also the sign that the session lives."""
    GO = 3
    """The run's start on the worker's clock, in nanoseconds, as text."""
    CONTROL = 4
    """For the engine's standard input."""
    HELLO = 16
    """JSON: what the worker is made of."""
    READY = 17
    """The engine waits for its start."""
    PONG = 18
    """The worker's clock in nanoseconds as text, a space, and the bytes of the PING."""
    VALUES = 19
    """Further lines of the values of further columns (gonogo.load.engine.values)."""
    ROWS = 20
    """A block of rows (gonogo.load.inside.tap)."""
    COUNTS = 21
    """Requests sent, done and failed so far."""
    END = 22
    """JSON: how the engine ended, and what all rows add up to. Nothing follows."""


_KNOWN: Final = frozenset(int(kind) for kind in Kind)


def frame(kind: Kind, content: bytes = b"") -> bytes:
    """Return a frame as it is sent."""
    return _HEAD.pack(kind, len(content)) + content


class FrameReader:
    """Puts frames together from the pieces in which a stream brings them."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, bytes]]:
        """Take ``data`` in and yield the frames that are complete.

        Raises:
            EnvironmentFault: this is no stream of frames.
        """
        self._data += data
        while len(self._data) >= _HEAD.size:
            number, length = _HEAD.unpack_from(self._data)
            if number not in _KNOWN or length > LONGEST:
                raise EnvironmentFault(
                    f"what a load worker sends cannot be read: {bytes(self._data[:60])!r}",
                    mend="see that its image is gonogo's own: gonogo images build gonogo/generator",
                )
            end = _HEAD.size + length
            if len(self._data) < end:
                return
            content = bytes(self._data[_HEAD.size : end])
            del self._data[:end]
            yield Kind(number), content

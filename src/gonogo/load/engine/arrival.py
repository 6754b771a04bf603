"""Arrivals: when an answer came, by the kernel's own time stamp, however late the engine comes to read it.

With SO_TIMESTAMPNS (socket(7); Documentation/networking/timestamping.rst of Linux, section 1.1.2) the kernel hands over
the moment at which it received the last of the bytes that are read. That is CLOCK_REALTIME; how far this is ahead of
the engine's clock is measured again and again, so that a clock that is being set right does no harm.
"""

from __future__ import annotations

import socket
import struct
from time import monotonic_ns, time_ns
from typing import Final

__all__ = ["ROOM", "Arrivals"]

ROOM: Final = socket.CMSG_SPACE(16)
"""Bytes of ancillary data to make room for when bytes are read."""

_STAMPED: Final = getattr(socket, "SO_TIMESTAMPNS", 35)
_STAMP: Final = struct.Struct("qq")
_UNDISTURBED_NS: Final = 5_000


class Arrivals:
    """The kernel's time stamps as readings of the engine's clock.

    Attributes:
        known: the last bytes had a time stamp. The kernel begins to stamp a moment after it was first asked to.
    """

    __slots__ = ("_ahead_ns", "known")

    def __init__(self) -> None:
        self._ahead_ns = time_ns() - monotonic_ns()
        self.known = False

    def stamp(self, one: socket.socket) -> bool:
        """Have a socket's bytes stamped; return whether the kernel does that."""
        try:
            one.setsockopt(socket.SOL_SOCKET, _STAMPED, 1)
        except OSError:
            return False
        return True

    def follow(self) -> None:
        """Measure how far the two clocks are apart, unless something came in between."""
        before = monotonic_ns()
        real = time_ns()
        after = monotonic_ns()
        if after - before <= _UNDISTURBED_NS:
            self._ahead_ns = real - (before + after) // 2

    def moment(self, ancillary: list[tuple[int, int, bytes]], sent: float, now: float) -> float:
        """Return when bytes came, between ``sent`` and ``now``; ``now`` where the kernel does not tell.

        Args:
            ancillary: what came with the bytes.
            sent: when the request was sent, a reading of the clock: what came is later.
            now: the present reading.
        """
        self.known = bool(ancillary)
        if not ancillary:
            return now
        seconds, nanoseconds = _STAMP.unpack(ancillary[0][2])
        came: float = (seconds * 1_000_000_000 + nanoseconds - self._ahead_ns) * 1e-9
        return came if sent <= came <= now else now

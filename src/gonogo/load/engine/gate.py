"""The gate: where several engines wait for each other, so that all of them count time from the same start."""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Callable
from time import monotonic as clock
from time import sleep
from typing import Final

__all__ = ["Gate"]

_LONGEST_WAIT_S: Final = 10.0
_LOOK_S: Final = 0.0002
_HELD_LOOK_S: Final = 0.001
_HELD: Final = mmap.PAGESIZE // 8 - 1


class Gate:
    """A page of memory that all engines of a run share: the start, and of each engine whether it is ready.

    Engine 0 sets the start. That of a gate that is held is set by whoever holds it, for engines that share no memory.

    Args:
        fd: of the page, from :meth:`create`.
        number: this engine's number.
        engines: how many there are.
    """

    def __init__(self, fd: int, number: int, engines: int) -> None:
        self._number = number
        self._engines = engines
        self._page = memoryview(mmap.mmap(fd, mmap.PAGESIZE)).cast("q")

    @staticmethod
    def create(*, held: bool = False) -> int:
        """Return the descriptor of a new page; ``held``: :meth:`release` will set the start."""
        fd = os.memfd_create("gonogo-gate")
        os.ftruncate(fd, mmap.PAGESIZE)
        if held:
            os.pwrite(fd, (1).to_bytes(8, sys.byteorder), _HELD * 8)
        return fd

    @property
    def reached(self) -> bool:
        """Whether this engine waits for the start, or has passed."""
        return bool(self._page[1 + self._number])

    def release(self, start_ns: int) -> None:
        """Set the start of a gate that is held: what ``time.monotonic_ns()`` will be, the warm-up not in it."""
        self._page[0] = start_ns

    def pass_through(self, ahead_s: float, watch: Callable[[], None]) -> float:
        """Wait for the other engines, for ten seconds at most; return the start, a reading of the clock.

        At a gate that is held, wait for whoever holds it, and as long as ``watch`` allows.

        Args:
            ahead_s: how long after the last has come the start shall be.
            watch: called while waiting; may end the process.
        """
        page = self._page
        page[1 + self._number] = 1
        if page[_HELD]:
            while not page[0]:
                watch()
                sleep(_HELD_LOOK_S)
            return page[0] / 1e9
        if self._engines == 1:
            return clock() + ahead_s
        until = clock() + _LONGEST_WAIT_S
        if self._number == 0:
            while not all(page[1 : 1 + self._engines]) and clock() < until:
                watch()
                sleep(_LOOK_S)
            page[0] = round((clock() + ahead_s + 2 * _LOOK_S) * 1e9)
        while not page[0]:
            watch()
            if clock() > 2 * _LONGEST_WAIT_S + until:
                return clock() + ahead_s  # the others are gone, which their parent knows
            sleep(_LOOK_S)
        return page[0] / 1e9

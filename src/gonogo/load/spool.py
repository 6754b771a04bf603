"""The spool: the rows of a run in memory that the engine writes and its parent reads, column by column.

It is an anonymous file of the kernel (memfd), mapped by both processes: watching costs the engine nothing, and an
engine that is killed loses no row. It has no disk behind it, because the kernel may block a process that writes to
mapped pages of a disk while it writes them back, and the engine would be late by that. Pages that no row reached take
no memory, so a closed loop gets room for more rows than it will need.

This module is imported by the engine, so it imports nothing large.
"""

from __future__ import annotations

import mmap
import os
from typing import Final, Literal

__all__ = ["COLUMNS", "CUT", "DONE", "FAILED", "PICKED", "SENT", "SIZES", "START_NS", "Spool"]

_Code = Literal["d", "q", "i", "h", "b", "B"]

COLUMNS: Final[tuple[tuple[str, _Code], ...]] = (
    ("due_s", "d"),
    ("queued_s", "d"),
    ("sent_s", "d"),
    ("first_byte_s", "d"),
    ("done_s", "d"),
    ("bytes_in", "q"),
    ("bytes_out", "q"),
    ("connection", "i"),
    ("status", "h"),
    ("target", "h"),
    ("error", "b"),
    ("success", "B"),
)
"""Name and type (as in the module struct) of each column."""

CUT: Final = 10
"""The code of ``cut`` in gonogo.runs.run.ERRORS. A row bears it from its due time until its end is known."""

PICKED: Final = 0
SENT: Final = 1
DONE: Final = 2
FAILED: Final = 3
START_NS: Final = 4
"""Places in :attr:`Spool.head`: rows begun, requests sent, ended and failed; the run's start (CLOCK_MONOTONIC, ns)."""

_PAGE: Final = mmap.PAGESIZE

SIZES: Final[dict[_Code, int]] = {"d": 8, "q": 8, "i": 4, "h": 2, "b": 1, "B": 1}
"""Bytes that a value of each type takes."""


class Spool:
    """Room for ``rows`` rows, with ``further`` columns beside those of every run.

    Attributes:
        fd: the descriptor to hand to the other process.
        further: of each further column, the numbers of its values (gonogo.load.engine.values).
        head: int64 counters, by the places above.
        columns: the bytes of each column, by name.
        offsets: where each column begins in ``memory``, in bytes.
    """

    def __init__(self, fd: int, rows: int, further: int = 0) -> None:
        self.fd = fd
        self.rows = rows
        self.offsets: dict[str, int] = {}
        end = _PAGE
        for name, code in COLUMNS:
            self.offsets[name] = end
            end += self._room(rows, code)
        begun = end
        end += further * self._room(rows, "i")
        if os.fstat(fd).st_size < end:
            os.ftruncate(fd, end)
        self.memory = mmap.mmap(fd, end)
        whole = memoryview(self.memory)
        self.head = whole[:_PAGE].cast("q")
        self.columns = {
            name: whole[self.offsets[name] : self.offsets[name] + rows * SIZES[code]] for name, code in COLUMNS
        }
        places = (begun + column * self._room(rows, "i") for column in range(further))
        self.further = [whole[place : place + rows * SIZES["i"]].cast("i") for place in places]

    @classmethod
    def create(cls, rows: int, further: int = 0) -> Spool:
        """Return a new spool with every byte 0."""
        return cls(os.memfd_create("gonogo-spool"), rows, further)

    @staticmethod
    def _room(rows: int, code: _Code) -> int:
        return -(-rows * SIZES[code] // _PAGE) * _PAGE

    @property
    def seconds(self) -> dict[str, memoryview[float]]:
        """The columns of times as numbers that can be written."""
        return {name: self.columns[name].cast("d") for name, code in COLUMNS if code == "d"}

    @property
    def numbers(self) -> dict[str, memoryview[int]]:
        """The other columns as numbers that can be written."""
        return {name: self.columns[name].cast(code) for name, code in COLUMNS if code != "d"}

    def first_open(self, start: int, stop: int) -> int:
        """Return the first row of ``start`` to ``stop`` whose end is not known; ``stop`` when there is none."""
        offset = self.offsets["error"]
        found = self.memory.find(b"\x0a", offset + start, offset + stop)
        return stop if found < 0 else found - offset

"""The mirror: puts the rows that a worker sends into a spool here, as if its engine had written them."""

from __future__ import annotations

import os

from gonogo.load.inside.tap import COUNTS, ROWS
from gonogo.load.spool import COLUMNS, DONE, FAILED, PICKED, SENT, SIZES, Spool

__all__ = ["Mirror"]


class Mirror:
    """Writes one spool and the values of its further columns.

    Args:
        spool: to write; it has as many rows and further columns as the worker's.
        values_fd: of the memfd for the values.
    """

    def __init__(self, spool: Spool, values_fd: int) -> None:
        self._spool = spool
        self._values_fd = values_fd

    def take_rows(self, content: bytes) -> None:
        """Write a block of rows."""
        first, count = ROWS.unpack_from(content)
        data, at = memoryview(content), ROWS.size
        codes = data[at : at + count]
        at += count
        for name, code in COLUMNS:
            if name != "error":
                size = count * SIZES[code]
                begin = first * SIZES[code]
                self._spool.columns[name][begin : begin + size] = data[at : at + size]
                at += size
        for column in self._spool.further:
            size = count * SIZES["i"]
            column[first : first + count] = data[at : at + size].cast("i")
            at += size
        # Last, as the engine does: who looks meanwhile takes no row for complete that is not.
        self._spool.columns["error"][first : first + count] = codes
        head = self._spool.head
        head[PICKED] = max(head[PICKED], first + count)

    def take_values(self, content: bytes) -> None:
        """Write further lines of values."""
        data = memoryview(content)
        while data:
            data = data[os.write(self._values_fd, data) :]

    def take_counts(self, content: bytes) -> None:
        """Write how many requests were sent, have ended and have failed."""
        head = self._spool.head
        head[SENT], head[DONE], head[FAILED] = COUNTS.unpack(content)

"""The tap: takes what an engine has written into its spool since the last look, as frames.

Rows go in blocks. A block is sent when it has new rows, and again when error codes in it have changed, which is how
rows end. That costs one comparison of 256 bytes a block and look, so it takes next to nothing from the engine's CPU.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from gonogo.load.inside.frames import Kind, frame
from gonogo.load.spool import COLUMNS, CUT, DONE, FAILED, PICKED, SENT, SIZES, Spool

__all__ = ["BLOCK", "COUNTS", "ROWS", "Tap", "checksum"]

BLOCK: Final = 256
"""Rows in a block."""

ROWS: Final = struct.Struct(">QI")
"""The first row of a block and how many there are. Their error codes follow, then the other columns in the order of
:data:`gonogo.load.spool.COLUMNS`, then further columns: each as it lies in memory."""

COUNTS: Final = struct.Struct(">QQQ")

_CUT: Final = bytes((CUT,))
_PIECE: Final = 1 << 16


class Tap:
    """Reads one spool and the values of its further columns.

    Args:
        spool: that an engine writes.
        values_fd: of the memfd with the values.
    """

    def __init__(self, spool: Spool, values_fd: int) -> None:
        self._spool = spool
        self._values_fd = values_fd
        self._values_read = 0
        self._open: dict[int, bytes] = {}
        self._blocks = 0

    def news(self, *, last: bool = False) -> Iterator[bytes]:
        """Return frames with what is new; ``last``: the engine has ended, and rows on their way stay as they are."""
        picked = self._spool.head[PICKED]
        while self._blocks * BLOCK < picked:
            self._open[self._blocks] = b""
            self._blocks += 1
        rows = [content for block in tuple(self._open) if (content := self._block(block, picked, last=last))]
        # Rows are read before the values that they name, and sent after them.
        yield from self._values()
        for content in rows:
            yield frame(Kind.ROWS, content)
        head = self._spool.head
        yield frame(Kind.COUNTS, COUNTS.pack(head[SENT], head[DONE], head[FAILED]))

    def _block(self, block: int, picked: int, *, last: bool) -> bytes:
        first, stop = block * BLOCK, min((block + 1) * BLOCK, picked)
        # The codes are read first: a row that has ended by then has all of its other values.
        codes = bytes(self._spool.columns["error"][first:stop])
        on_its_way = _CUT in codes
        if codes == self._open[block] and not (last and on_its_way):
            return b""
        self._open[block] = codes
        if stop - first == BLOCK and not on_its_way:
            del self._open[block]
        parts: list[bytes | memoryview] = [ROWS.pack(first, stop - first), codes]
        for name, code in COLUMNS:
            if name != "error":
                width = SIZES[code]
                parts.append(self._spool.columns[name][first * width : stop * width])
        parts += [column[first:stop].cast("B") for column in self._spool.further]
        return b"".join(parts)

    def _values(self) -> Iterator[bytes]:
        while data := os.pread(self._values_fd, _PIECE, self._values_read):
            self._values_read += len(data)
            yield frame(Kind.VALUES, data)


def checksum(spool: Spool) -> int:
    """Return the CRC-32 of all rows of ``spool``, column by column."""
    rows, total = spool.head[PICKED], 0
    for name, code in COLUMNS:
        total = zlib.crc32(spool.columns[name][: rows * SIZES[code]], total)
    for column in spool.further:
        total = zlib.crc32(column[:rows], total)
    return total

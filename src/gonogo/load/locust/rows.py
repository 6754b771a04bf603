"""Rows of Locust's requests: how its process writes them, and how the parent reads them as columns."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from typing import Final

import numpy as np

from gonogo.runs.run import ERRORS, Columns

__all__ = ["ROW", "read_rows"]

ROW: Final = struct.Struct("<ddhbBhq")
"""Start and end in seconds from the run's start, status, code of the error, success, target, bytes received."""

_FIELDS: Final = np.dtype(
    {
        "names": ["start_s", "end_s", "status", "error", "success", "target", "bytes_in"],
        "formats": ["<f8", "<f8", "<i2", "i1", "u1", "<i2", "<i8"],
        "offsets": [0, 8, 16, 18, 19, 20, 22],
        "itemsize": ROW.size,
    }
)
_TIMEOUT: Final = ERRORS.index("timeout")


def read_rows(fd: int, timeout_s: float) -> tuple[Columns, int]:
    """Return the measured requests in the order in which they were sent, and how many came in the warm-up.

    A request that took longer than ``timeout_s`` has failed, whatever came of it later. What Locust does not tell is
    unknown: when a request was due, how long it waited for a connection, when its answer began, and how much was sent.
    """
    size = os.fstat(fd).st_size // ROW.size * ROW.size
    rows = np.frombuffer(_read(fd, size), dtype=_FIELDS)
    rows = rows[np.argsort(rows["start_s"], kind="stable")]
    first = int(np.searchsorted(rows["start_s"], 0.0))
    rows = rows[first:]
    n = len(rows)
    start_s = rows["start_s"].astype(np.float64)
    late = rows["end_s"] - start_s > timeout_s
    unknown = np.full(n, np.nan)
    return Columns(
        due_s=start_s,
        queued_s=unknown,
        sent_s=start_s.copy(),
        first_byte_s=unknown.copy(),
        done_s=rows["end_s"].astype(np.float64),
        status=np.where(late, 0, rows["status"]).astype(np.int16),
        error=np.where(late, _TIMEOUT, rows["error"]).astype(np.int8),
        success=(rows["success"] > 0) & ~late,
        bytes_in=rows["bytes_in"].astype(np.int64),
        bytes_out=np.zeros(n, np.int64),
        connection=np.full(n, -1, np.int32),
        target=rows["target"].astype(np.int16),
    ), first


def _read(fd: int, size: int) -> bytes:
    parts: Sequence[bytes] = ()
    done = 0
    while done < size:
        part = os.pread(fd, size - done, done)
        if not part:
            break
        parts = (*parts, part)
        done += len(part)
    return b"".join(parts)[: done // ROW.size * ROW.size]

"""The recording: what the parent reads of the engine's spool, while it runs and when it is over."""

from __future__ import annotations

import json
import math
import os
from itertools import islice

import numpy as np
import numpy.typing as npt

from gonogo.load.plan import LoadPlan
from gonogo.load.share import Share
from gonogo.load.spool import COLUMNS, CUT, PICKED, Spool
from gonogo.runs.run import ERRORS, Columns

__all__ = ["Recording"]

_TYPES = {"d": np.float64, "q": np.int64, "i": np.int32, "h": np.int16, "b": np.int8, "B": np.bool_}
_UNSENT = ERRORS.index("unsent")


class Recording:
    """The rows of one engine, in the order of their due times, the warm-up first.

    Args:
        plan: of the run.
        spool: what the engine writes.
        values_fd: of the memfd with the values of further columns.
        share: which requests of the plan are the engine's.
    """

    def __init__(self, plan: LoadPlan, spool: Spool, values_fd: int, share: Share) -> None:
        self._plan = plan
        self._share = share
        self._spool = spool
        self._values = _Values(values_fd)

    def so_far(self, since_s: float = 0.0) -> Columns:
        """Return a copy of the measured rows as they are now; what is on its way counts as cut.

        Args:
            since_s: only those that were due from then on.
        """
        begun = self._begun()
        return _columns(self._rows(begun, since_s), self._further(begun, since_s), copied=True)

    def whole(self, until_s: float | None) -> tuple[Columns, int]:
        """Return the measured rows of a run that is over, and how many requests its warm-up had.

        The arrays are the spool's own memory, not copies of it.

        Args:
            until_s: requests that were due before this and never begun are unsent; None: nobody knows of any.
        """
        self._values.close()
        begun = self._begun()
        rows = begun if until_s is None else begun + self._add_unsent(begun, until_s)
        return _columns(self._rows(rows), self._further(rows), copied=False), self._warmup(rows)

    def _begun(self) -> int:
        return self._spool.head[PICKED]

    def _warmup(self, rows: int, since_s: float = 0.0) -> int:
        return int(np.searchsorted(self._view("due_s", "d")[:rows], max(0.0, since_s)))

    def _rows(self, rows: int, since_s: float = 0.0) -> dict[str, npt.NDArray[np.generic]]:
        first = self._warmup(rows, since_s)
        return {name: self._view(name, code)[first:rows] for name, code in COLUMNS}

    def _further(self, rows: int, since_s: float = 0.0) -> dict[str, npt.NDArray[np.object_]]:
        names = self._plan.further_columns
        if not names:
            return {}
        first = self._warmup(rows, since_s)
        # The numbers are read before the values, so that no number is without its value.
        numbers = [np.array(column[first:rows]) for column in self._spool.further]
        values = self._values.so_far()
        known = [np.where(column < len(values), column, 0) for column in numbers]
        return {name: values[column] for name, column in zip(names, known, strict=True)}

    def _view(self, name: str, code: str) -> npt.NDArray[np.generic]:
        return np.frombuffer(self._spool.columns[name], dtype=_TYPES[code])

    def _add_unsent(self, begun: int, until_s: float) -> int:
        """Write a row for each request that was due and never begun; return how many there are."""
        schedule = self._plan.schedule
        if schedule is None:
            return 0
        due = np.fromiter(islice(self._share.of(schedule.due_times()), begun, None), dtype=np.float64)
        due = due[due < until_s]
        rows = slice(begun, begun + len(due))
        view = {name: self._view(name, code) for name, code in COLUMNS}
        view["due_s"][rows] = due
        view["error"][rows] = _UNSENT
        view["connection"][rows] = -1
        for name in ("sent_s", "first_byte_s", "done_s"):
            view[name][rows] = math.nan
        return len(due)


class _Values:
    """The values of further columns by their numbers."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._known: list[object] = [None]
        self._read = 0
        self._rest = b""

    def so_far(self) -> npt.NDArray[np.object_]:
        """Return the values that have been written; at 0 stands None."""
        self._take()
        values = np.empty(len(self._known), dtype=object)
        # Element by element: numpy would take a list of lists for a matrix.
        for number, value in enumerate(self._known):
            values[number] = value
        return values

    def close(self) -> None:
        """Take what is left and let go of the file."""
        self._take()
        os.close(self._fd)
        self._fd = -1

    def _take(self) -> None:
        if self._fd < 0:
            return
        new = os.pread(self._fd, os.fstat(self._fd).st_size - self._read, self._read)
        self._read += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        if lines:
            self._known += json.loads(b"[" + b",".join(lines) + b"]")


def _columns(
    rows: dict[str, npt.NDArray[np.generic]], further: dict[str, npt.NDArray[np.object_]], *, copied: bool
) -> Columns:
    if copied:
        # The error is copied first: a row that has ended by then has all of its other values.
        rows = {name: rows[name].copy() for name in sorted(rows, key=lambda name: name != "error")}
    on_its_way = rows["error"] == CUT
    rows["first_byte_s"][on_its_way] = math.nan
    rows["done_s"][on_its_way] = math.nan
    never_sent = on_its_way & (rows["sent_s"] == 0)
    rows["sent_s"][never_sent] = math.nan
    rows["connection"][never_sent] = -1
    return Columns(**rows, extracted=further)  # type: ignore[arg-type] # the types are those of COLUMNS, which a test compares

"""The recording: what the parent reads of the engine's spool, while it runs and when it is over."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np
import numpy.typing as npt

from gonogo.load.plan import LoadPlan
from gonogo.load.spool import COLUMNS, CUT, PICKED, Spool
from gonogo.runs.run import ERRORS, Columns

__all__ = ["Recording"]

_TYPES = {"d": np.float64, "q": np.int64, "i": np.int32, "h": np.int16, "b": np.int8, "B": np.bool_}
_UNSENT = ERRORS.index("unsent")


class Recording:
    """The rows of one run, in the order of their due times, the warm-up first."""

    def __init__(self, plan: LoadPlan, spool: Spool) -> None:
        self._plan = plan
        self._spool = spool

    def so_far(self) -> Columns:
        """Return a copy of the measured rows as they are now; what is on its way counts as cut."""
        return _columns(self._rows(self._begun()), copied=True)

    def whole(self, until_s: float | None) -> tuple[Columns, int]:
        """Return the measured rows of a run that is over, and how many requests its warm-up had.

        The arrays are the spool's own memory, not copies of it.

        Args:
            until_s: requests that were due before this and never begun are unsent; None: nobody knows of any.
        """
        begun = self._begun()
        rows = begun if until_s is None else begun + self._add_unsent(begun, until_s)
        return _columns(self._rows(rows), copied=False), self._warmup(rows)

    def _begun(self) -> int:
        return self._spool.head[PICKED]

    def _warmup(self, rows: int) -> int:
        return int(np.searchsorted(self._view("due_s", "d")[:rows], 0.0))

    def _rows(self, rows: int) -> dict[str, npt.NDArray[np.generic]]:
        first = self._warmup(rows)
        return {name: self._view(name, code)[first:rows] for name, code in COLUMNS}

    def _view(self, name: str, code: str) -> npt.NDArray[np.generic]:
        return np.frombuffer(self._spool.columns[name], dtype=_TYPES[code])

    def _add_unsent(self, begun: int, until_s: float) -> int:
        """Write a row for each request that was due and never begun; return how many there are."""
        schedule = self._plan.schedule
        if schedule is None:
            return 0
        due = np.fromiter(islice(schedule.due_times(), begun, None), dtype=np.float64)
        due = due[due < until_s]
        rows = slice(begun, begun + len(due))
        view = {name: self._view(name, code) for name, code in COLUMNS}
        view["due_s"][rows] = due
        view["error"][rows] = _UNSENT
        view["connection"][rows] = -1
        for name in ("sent_s", "first_byte_s", "done_s"):
            view[name][rows] = math.nan
        return len(due)


def _columns(rows: dict[str, npt.NDArray[np.generic]], *, copied: bool) -> Columns:
    if copied:
        # The error is copied first: a row that has ended by then has all of its other values.
        rows = {name: rows[name].copy() for name in sorted(rows, key=lambda name: name != "error")}
    on_its_way = rows["error"] == CUT
    rows["first_byte_s"][on_its_way] = math.nan
    rows["done_s"][on_its_way] = math.nan
    never_sent = on_its_way & (rows["sent_s"] == 0)
    rows["sent_s"][never_sent] = math.nan
    rows["connection"][never_sent] = -1
    return Columns(**rows)  # type: ignore[arg-type] # the types are those of COLUMNS, which a test compares

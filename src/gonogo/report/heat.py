"""The heat map of a run: how many of the requests of each moment had which latency, as grades of a few shades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.errors import UsageError
from gonogo.measures.times import values_of
from gonogo.runs.run import Run

__all__ = ["SHADES", "Heat", "heat"]

SHADES: Final = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3)
"""A cell has the grade of the largest of these shares of its moment's requests that it exceeds, counted from 1."""

_MOST_COLUMNS: Final = 60
_ROWS: Final = 24
_FEWEST_A_COLUMN: Final = 20
_LEAST_SPAN: Final = 1.2
"""The lowest and the highest row lie at least this ratio apart, so that rounding does not fill the map."""


@dataclass(frozen=True, slots=True)
class Heat:
    """Grades by moment and latency.

    Attributes:
        low: lower edge of the lowest row in seconds; rows are equally wide in the logarithm of the latency.
        high: upper edge of the highest row in seconds.
        columns: one text a moment, one digit a row from the lowest: 0 where no request was, else a grade of SHADES.
        failed: one digit a moment: the grade of the requests that were due then and had no answer.
    """

    low: float = 0.0
    high: float = 0.0
    columns: tuple[str, ...] = ()
    failed: str = ""

    def __post_init__(self) -> None:
        if len(self.failed) != len(self.columns) or len({len(column) for column in self.columns}) > 1:
            raise UsageError("columns of a heat map differ in length", mend="delete plots.json, it is made anew")
        if not all(column.isdecimal() for column in (*self.columns, *filter(None, [self.failed]))):
            raise UsageError("a heat map holds digits only", mend="delete plots.json, it is made anew")


def heat(run: Run) -> Heat:
    """Return the heat map of ``run``: answered requests by the moment at which they were due."""
    columns = run.columns
    n = len(columns)
    latency, answered = values_of(columns, "answered")
    # A latency of 0 or below can only come from clocks of other tools; it has no place on a logarithmic scale.
    answered = answered & (latency > 0)
    if not answered.any():
        return Heat()
    low, high = float(latency[answered].min()), float(latency[answered].max())
    high = max(high, low * _LEAST_SPAN)
    count = max(1, min(_MOST_COLUMNS, n // _FEWEST_A_COLUMN))
    first, last = float(columns.due_s[0]), float(columns.due_s[-1])
    moment = _index(columns.due_s, first, last, count)
    row = _index(np.log(latency[answered]), np.log(low), np.log(high), _ROWS)
    cells = np.bincount(moment[answered] * _ROWS + row, minlength=count * _ROWS).reshape(count, _ROWS)
    lost = np.bincount(moment[~answered], minlength=count)
    whole = np.maximum(1, cells.sum(axis=1) + lost)
    return Heat(
        low=low,
        high=high,
        columns=tuple(_digits(column) for column in _grades(cells / whole[:, None])),
        failed=_digits(_grades(lost / whole)),
    )


def _index(values: npt.NDArray[np.float64], low: float, high: float, count: int) -> npt.NDArray[np.int64]:
    if high <= low:
        return np.zeros(len(values), np.int64)
    return np.clip(((values - low) * (count / (high - low))).astype(np.int64), 0, count - 1)


def _grades(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    return np.searchsorted(np.array(SHADES), shares, side="left").astype(np.int64)


def _digits(grades: npt.NDArray[np.int64]) -> str:
    return "".join(map(str, grades.tolist()))

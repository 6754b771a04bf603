"""What the columns of both sides of a mirror tell, and when too little of them is there to judge anything."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.errors import UsageError
from gonogo.measures.rows import BoolArray
from gonogo.runs.run import Columns, Run
from gonogo.units import format_count, format_share
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import FloatArray, Missing
from gonogo.verdicts.vocabulary import look_up

__all__ = [
    "LEAST_CAPTURED",
    "column",
    "flags",
    "mirrored",
    "missing_copies",
    "missing_sides",
    "needs_capture",
    "numbers",
]

LEAST_CAPTURED: Final = 0.999
"""Share of the requests that must be captured; with less, nothing is said about the rest, and so about the whole."""

_SIDES: Final = ("live", "shadow")
_FAMILIES: Final = ("parity.", "mirror.", "live.", "shadow.")
_MEND: Final = 'capture the Service before the load: stack.capture("NAME")'


def needs_capture(measure: MeasureName) -> bool:
    """Return whether only captured answers can tell the measure."""
    return measure.population in _SIDES or measure.name.startswith(_FAMILIES)


def column(columns: Columns, name: str) -> npt.NDArray[np.object_]:
    """Return the column ``name`` of a run with captured answers.

    Raises:
        UsageError: the run has no such column.
    """
    found = columns.extracted.get(name)
    if found is None:
        raise UsageError(f"the run has no column {name!r}", mend=_MEND)
    return found


def flags(columns: Columns, name: str) -> BoolArray:
    """Return which requests have a true value in the column ``name``."""
    return np.array([bool(value) for value in column(columns, name)], dtype=np.bool_)


def numbers(columns: Columns, name: str) -> FloatArray:
    """Return the column ``name`` as numbers; NaN where a request has none."""
    return np.array([np.nan if value is None else float(value) for value in column(columns, name)], dtype=np.float64)


def mirrored(columns: Columns) -> BoolArray:
    """Return which requests were due while copies were sent; all of them where that is not known."""
    found = columns.extracted.get("mirror_on")
    if found is None:
        return np.ones(len(columns), np.bool_)
    return np.array([value is not False for value in found], dtype=np.bool_)


def missing_sides(run: Run, measure: MeasureName, members: BoolArray) -> Missing | None:
    """Return why parity cannot be judged on ``members``; None when enough of them were captured."""
    asked = members & _reached(run.columns)
    total, there = int(asked.sum()), int((asked & flags(run.columns, "live_captured")).sum())
    if total and there >= LEAST_CAPTURED * total:
        return None
    why = (
        f"of {format_count(total)} requests that were answered, {format_share(there / total)} were captured, and "
        f"{format_share(LEAST_CAPTURED)} are needed; see whether the disk of the report is full or slow"
        if total
        else "no request was answered"
    )
    return _missing(measure, why, there)


def missing_copies(run: Run, measure: MeasureName, members: BoolArray) -> Missing | None:
    """Return why nothing can be said of the copies of ``members``; None when their requests are known by their ids."""
    total, known = int(members.sum()), int((members & _known(run.columns)).sum())
    if total and known >= LEAST_CAPTURED * total:
        return None
    why = (
        f"of {format_count(total)} requests, {format_share(known / total)} have a record of the sidecar, and "
        f"{format_share(LEAST_CAPTURED)} are needed"
        if total
        else "no request was due while copies were sent"
    )
    return _missing(measure, why, known)


def _known(columns: Columns) -> BoolArray:
    """Return which requests are known by an id that captures have, too."""
    return np.array([value is not None for value in column(columns, "copies")], dtype=np.bool_)


def _reached(columns: Columns) -> BoolArray:
    return np.asarray(columns.status > 0)


def _missing(measure: MeasureName, why: str, n: int) -> Missing:
    entry = look_up(measure)
    return Missing(noun=f"{measure}", why=why, n=n, unit=entry.unit if entry else "share")

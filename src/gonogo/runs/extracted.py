"""Columns that were extracted from answers, as typed columns of a Parquet file and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["SQL_TYPES", "Packed", "pack", "unpack"]

SQL_TYPES: Final[Mapping[str, str]] = {
    "text": "VARCHAR",
    "number": "DOUBLE",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "json": "VARCHAR",
}
"""Types of extracted columns by kind. ``json`` takes what is of several types, as JSON text."""

_DTYPES: Final[Mapping[str, npt.DTypeLike]] = {
    "number": np.float64,
    "integer": np.int64,
    "boolean": np.bool_,
}
_LARGEST: Final = 2**63


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A column ready to be stored.

    Attributes:
        kind: key of SQL_TYPES.
        values: of the kind's type, anything where nothing is present.
        present: which requests have a value; the others are null.
    """

    kind: str
    values: npt.NDArray[Any]
    present: npt.NDArray[np.bool_]


def pack(column: npt.NDArray[np.object_]) -> Packed:
    """Return ``column`` (None where a request has no value) with the narrowest type that loses nothing."""
    present = np.array([value is not None for value in column], dtype=np.bool_)
    kinds = {_kind(value) for value in column if value is not None}
    kind = kinds.pop() if len(kinds) == 1 else "text" if not kinds else "json"
    if kind in _DTYPES:
        values = np.zeros(len(column), _DTYPES[kind])
        values[present] = [value for value in column if value is not None]
        return Packed(kind, values, present)
    texts = np.full(len(column), "", dtype=object)
    texts[present] = [value if kind == "text" else json.dumps(value) for value in column if value is not None]
    return Packed(kind, texts, present)


def unpack(kind: str, values: npt.NDArray[Any], present: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
    """Return the column that was packed."""
    column = np.full(len(values), None, dtype=object)
    found = values[present].tolist()
    # Element by element: numpy would take a list of lists for a matrix.
    for index, value in zip(np.flatnonzero(present), found, strict=True):
        column[index] = json.loads(value) if kind == "json" else value
    return column


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer" if -_LARGEST <= value < _LARGEST else "json"
    if isinstance(value, float):
        return "number"
    return "text" if isinstance(value, str) else "json"

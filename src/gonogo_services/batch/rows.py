"""Values of rows from JSON to an array: a chunk at once when all of it is right, row by row when something is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from gonogo_services.iris.flower import FEATURES

__all__ = ["LONGEST", "SEPARATOR", "numbers_of", "read_chunk"]

#: Texts of more characters than this are not read.
LONGEST: Final = 4096

#: What stands between two rows' texts. A row's text that reaches over a separator would have a null or a text inside
#: its list, which no row may, so that broken texts cannot join into rows that nobody wrote.
SEPARATOR: Final = ",null,"

_LARGEST = float(np.finfo(np.float32).max)
_GIVEN = 80

# Strict, as the online service is: neither "1" nor true is a number; finite after rounding to the model's 32 bits.
_Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-_LARGEST, le=_LARGEST)]
_CHUNK: TypeAdapter[list[tuple[_Number, _Number, _Number, _Number] | None]] = TypeAdapter(
    list[tuple[_Number, _Number, _Number, _Number] | None]
)
_NUMBER: TypeAdapter[float] = TypeAdapter(_Number)


def read_chunk(joined: str, count: int) -> NDArray[np.float32] | None:
    """Return ``count`` rows, joined by ``SEPARATOR``, as an array (count, 4); None when any of them is wrong."""
    try:
        parts = _CHUNK.validate_json(f"[{joined}]")
    except ValidationError:
        return None
    rows = [row for row in parts[::2] if row is not None]
    if len(parts) != 2 * count - 1 or len(rows) != count or any(parts[1::2]):
        return None
    return np.array(rows, np.float32)


def numbers_of(text: str | None, length: int) -> Sequence[float] | str:
    """Return the numbers of one row, or what is wrong with it as a sentence.

    Args:
        text: JSON as it stands in the table; None when the column is null or the text is too long to be read.
        length: characters that it has there.
    """
    if length > LONGEST:
        return f"values has {length:,} characters; at most {LONGEST:,} are read"
    try:
        return _checked(None if text is None else json.loads(text))
    except ValueError as error:
        return f"values is not JSON: {error}"
    except RecursionError:
        return "values is nested too deeply"


def _checked(given: object) -> Sequence[float] | str:
    if given is None:
        return "values is null"
    if not isinstance(given, list):
        return f"values is no list of numbers: {_cut(given)}"
    if len(given) != len(FEATURES):
        return f"values has {len(given)} parts; {len(FEATURES)} numbers are needed ({', '.join(FEATURES)})"
    for position, part in enumerate(given):
        try:
            _NUMBER.validate_python(part)
        except ValidationError:
            return f"values[{position}] is not a finite number that fits 32 bits: {_cut(part)}"
    return [float(part) for part in given]


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _GIVEN else f"{text[:_GIVEN]}…"

"""Values of rows from JSON to an array: a chunk at once when all of it is right, row by row when something is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
import pydantic_core
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from gonogo_services.iris.flower import FEATURES

__all__ = ["LONGEST", "SEPARATOR", "numbers_of", "read_chunk"]

#: Texts of more characters than this are not read.
LONGEST: Final = 4096

#: What stands between two rows' texts. A row's text that reaches over a separator would have a null or a text inside
#: its list, which no row may, so that broken texts cannot join into rows that nobody wrote.
SEPARATOR: Final = ",null,"

_BOUNDARY = f"]{SEPARATOR}[".encode()
_FRAME = b"[" + b"," * (len(FEATURES) - 1) + b"]"
_WITHIN_NUMBERS = b"0123456789+-.eE \t\r\n"

_LARGEST = float(np.finfo(np.float32).max)
_GIVEN = 80

# Strict, as the online service is: neither "1" nor true is a number; finite after rounding to the model's 32 bits.
_Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-_LARGEST, le=_LARGEST)]
_NUMBER: TypeAdapter[float] = TypeAdapter(_Number)


def read_chunk(joined: str, count: int) -> NDArray[np.float32] | None:
    """Return ``count`` rows, joined by ``SEPARATOR``, as an array (count, 4); None when any of them is wrong.

    None also for right rows with blanks around their brackets. Without what numbers are made of, the text must be the
    brackets and commas of ``count`` rows; without the boundaries between rows, it must be one JSON list, which can then
    hold nothing but numbers. No object is made for a row.
    """
    text = joined.encode()
    if text.translate(None, _WITHIN_NUMBERS) != SEPARATOR.encode().join([_FRAME] * count):
        return None
    flat = text.replace(_BOUNDARY, b",")
    if len(text) - len(flat) != (count - 1) * (len(_BOUNDARY) - 1):
        return None
    try:
        with np.errstate(over="ignore"):
            rows = np.array(pydantic_core.from_json(flat), np.float32).reshape(count, len(FEATURES))
    except (ValueError, OverflowError):
        return None
    return rows if np.isfinite(rows).all() else None


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
        parts = "1 part" if len(given) == 1 else f"{len(given)} parts"
        return f"values has {parts}; {len(FEATURES)} numbers are needed ({', '.join(FEATURES)})"
    for position, part in enumerate(given):
        try:
            _NUMBER.validate_python(part)
        except ValidationError:
            return f"values[{position}] is not a finite number that fits 32 bits: {_cut(part)}"
    return [float(part) for part in given]


def _cut(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _GIVEN else f"{text[:_GIVEN]}…"

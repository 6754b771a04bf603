"""The body of a prediction request, from bytes to an array."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.types import FailFast

from gonogo_services.iris.flower import FEATURES, SAMPLE
from gonogo_services.serving.refusal import Refusal

__all__ = ["MAX_ROWS", "Rows", "parse_rows"]

MAX_ROWS: Final = 10_000

_NOT_JSON = 400
_NOT_ROWS = 422
_LARGEST = float(np.finfo(np.float32).max)

# Strict: JSON's own numbers only, so neither "1" nor true is one; finite after rounding to the model's 32 bits.
_Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-_LARGEST, le=_LARGEST)]
_Row = Annotated[list[_Number], Field(min_length=len(FEATURES), max_length=len(FEATURES)), FailFast()]
_Rows = Annotated[list[_Row], Field(min_length=1, max_length=MAX_ROWS), FailFast()]


class Rows(BaseModel):
    """A request for predictions: the four lengths of one flower in each row. Other keys are ignored."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [list(SAMPLE)]}})

    data: _Rows


_REASONS: Final = {
    "float_type": "not a number",
    "finite_number": "not a finite number",
    "less_than_equal": "too large for a 32-bit float",
    "greater_than_equal": "too large for a 32-bit float",
    "list_type": "not a list",
    "model_type": "not a JSON object",
    "missing": "missing",
}


def parse_rows(body: bytes) -> NDArray[np.float32]:
    """Return the rows of ``{"data": [[4 numbers], …]}`` as an array of shape (N, 4); other keys are ignored.

    Raises:
        Refusal: 400 when the body is not JSON (NaN and Infinity as literals are let through the parser and refused
            by name), 422 when it is JSON of another form; it names the first wrong field.
    """
    try:
        return np.array(Rows.model_validate_json(body).data, np.float32)
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> Refusal:
    first = error.errors(include_url=False)[0]
    kind, given = first["type"], first["input"]
    field = "".join(f"[{part}]" if isinstance(part, int) else str(part) for part in first["loc"]) or "body"
    if kind == "json_invalid":
        return Refusal(_NOT_JSON, field, f"not JSON: {first['ctx']['error']}")
    if kind in {"too_short", "too_long"} and field == "data":
        return Refusal(_NOT_ROWS, field, f"give 1 to {MAX_ROWS} rows" + ("; it is empty" if not given else ""))
    if kind in {"too_short", "too_long"}:
        return Refusal(_NOT_ROWS, field, f"give {len(FEATURES)} numbers ({', '.join(FEATURES)}), not {len(given)}")
    return Refusal(_NOT_ROWS, field, _REASONS.get(kind, first["msg"]))

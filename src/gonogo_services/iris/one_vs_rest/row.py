"""The body of a request about one flower, from bytes to an array."""

from __future__ import annotations

from typing import Final

import numpy as np
import pydantic_core
from numpy.typing import NDArray
from pydantic import ConfigDict

from gonogo_services.iris.rows import Rows, parse_rows
from gonogo_services.serving.refusal import Refusal

__all__ = ["Flower", "parse_flower", "parse_lengths"]

_NOT_ONE_ROW: Final = 422


class Flower(Rows):
    """A request about one flower: its four lengths in the only row. Other keys are ignored."""

    model_config = ConfigDict(json_schema_extra=lambda schema: schema["properties"]["data"].update(maxItems=1))


def parse_flower(body: bytes) -> NDArray[np.float32]:
    """Return the flower of ``{"data": [[4 numbers]]}`` as an array of (1, 4).

    Raises:
        Refusal: 400 when the body is not JSON, 422 when it is not exactly one row of four numbers.
    """
    rows = parse_rows(body)
    if len(rows) != 1:
        raise Refusal(_NOT_ONE_ROW, "data", f"give one row, not {len(rows)}")
    return rows


def parse_lengths(body: bytes) -> tuple[float, float, float, float]:
    """Return the four lengths of ``{"data": [[4 numbers]]}`` as they were written, not rounded to the model's 32 bits.

    Raises:
        Refusal: as ``parse_flower`` does.
    """
    parse_flower(body)
    a, b, c, d = map(float, pydantic_core.from_json(body)["data"][0])
    return a, b, c, d

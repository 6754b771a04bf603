"""Portable values: what strict JSON can hold, made from what Python holds.

JSON has no NaN and no infinities. NaN, an unknown figure, becomes ``null``. The infinities become the strings
``"Infinity"`` and ``"-Infinity"``, as in the JSON mapping of Protocol Buffers: a figure that lies beyond every number
must not read as a missing one, which many programs take for 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, is_dataclass
from datetime import date
from functools import singledispatch

import numpy as np

from gonogo.report.plain import plain

__all__ = ["number", "portable"]


@singledispatch
def portable(value: object) -> object:
    """Return ``value`` as what :func:`json.dumps` writes with ``allow_nan=False``; unknown kinds become text."""
    if value is None:
        return None
    if is_dataclass(value) and not isinstance(value, type):
        return portable(asdict(value))
    return plain(str(value))


@portable.register
def _(value: str) -> object:
    return plain(value)


@portable.register
def _(value: bool) -> object:  # noqa: FBT001 - the dispatcher passes the value alone
    return value


@portable.register
def _(value: int) -> object:
    return int(value)


@portable.register
def _(value: float) -> object:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(value)


@portable.register
def _(value: date) -> object:
    return value.isoformat()


@portable.register
def _(value: bytes) -> object:
    return plain(value.decode(errors="replace"))


@portable.register(np.generic)
@portable.register(np.ndarray)
def _(value: np.generic) -> object:
    return portable(value.tolist())


@portable.register(Mapping)
def _(value: Mapping[object, object]) -> object:
    return {plain(str(key)): portable(item) for key, item in value.items()}


@portable.register(Sequence)
def _(value: Sequence[object]) -> object:
    return [portable(item) for item in value]


@portable.register(AbstractSet)
def _(value: AbstractSet[object]) -> object:
    return sorted((portable(item) for item in value), key=str)


def number(value: object) -> float:
    """Return the figure that a portable value stands for; NaN when it stands for none."""
    if isinstance(value, bool) or value is None:
        return math.nan
    if isinstance(value, int | float):
        return float(value)
    return {"Infinity": math.inf, "-Infinity": -math.inf}.get(str(value), math.nan)

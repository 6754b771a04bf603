"""Slices of a run by the input of its requests: quarters of what is a number, single values of what is a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from gonogo.errors import UsageError
from gonogo.measures.rows import BoolArray
from gonogo.runs.run import Run

__all__ = ["slices_of"]

_PREFIX: Final = "input_"
_QUARTERS: Final = 4
_FEWEST: Final = 50
_MOST_VALUES: Final = 20
_OTHERS: Final = "others"


def slices_of(run: Run, members: BoolArray, *, only: str = "") -> Iterator[tuple[str, BoolArray]]:
    """Yield the name and the requests of every slice of ``members``; of each column, every request is in one slice.

    Where the cuts lie depends on the inputs alone and not on any answer. Values with fewer than 50 requests, and what
    is beyond the 20 most frequent ones, are one slice together.

    Raises:
        UsageError: there is no column of the input, or none called ``only``.
    """
    columns = {
        name[len(_PREFIX) :]: values for name, values in run.columns.extracted.items() if name.startswith(_PREFIX)
    }
    if not columns or (only and only not in columns):
        known = ", ".join(sorted(columns)) or "none"
        raise UsageError(
            f"the input has no column {only!r}" if only else "no column of the input is known",
            where=run.facts.name,
            mend=f"name them when capturing: columns=[…]; known are: {known}",
        )
    for name in sorted(columns) if not only else (only,):
        present = members & np.array([value is not None for value in columns[name]], dtype=np.bool_)
        values = columns[name]
        numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values[present])
        yield from _quarters(name, values, present) if numeric else _values(name, values, present)
        absent = members & ~present
        if absent.any():
            yield f"{name} not given", absent


def _quarters(
    name: str, values: np.ndarray[tuple[int], np.dtype[np.object_]], present: BoolArray
) -> Iterator[tuple[str, BoolArray]]:
    if not present.any():
        return
    numbers = np.full(len(values), np.nan)
    numbers[present] = values[present].astype(np.float64)
    cuts = np.unique(np.quantile(numbers[present], np.linspace(0, 1, _QUARTERS + 1)))
    if len(cuts) == 1:
        yield f"{name} {cuts[0]:g}", present
        return
    for low, high in pairwise(cuts):
        last = high == cuts[-1]
        inside = present & (numbers >= low) & ((numbers <= high) if last else (numbers < high))
        if inside.any():
            yield f"{name} of {low:.4g} to {'' if last else 'below '}{high:.4g}", inside


def _values(
    name: str, values: np.ndarray[tuple[int], np.dtype[np.object_]], present: BoolArray
) -> Iterator[tuple[str, BoolArray]]:
    texts = np.array([str(value) if here else "" for value, here in zip(values, present, strict=True)], dtype=object)
    frequent = [text for text, count in Counter(texts[present]).most_common(_MOST_VALUES) if count >= _FEWEST]
    rest = present.copy()
    for text in frequent:
        inside = present & (texts == text)
        rest &= ~inside
        yield f"{name}={text}", inside
    if rest.any():
        yield f"{name} {_OTHERS}", rest

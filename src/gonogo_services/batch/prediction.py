"""A chunk of rows predicted: one call of the model, and never a row lost because of another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pydantic_core
from numpy.typing import NDArray

from gonogo_services.batch.rows import numbers_of, read_chunk

__all__ = ["Outcome", "Predict", "Row", "predict_chunk"]

#: From an array (N, 4) to N lists of probabilities.
Predict = Callable[[NDArray[np.float32]], list[list[float]]]

#: Id, text of the values (None: null or too long) and characters of that text.
Row = tuple[int, str | None, int]


_NOT_FINITE = ("N", "I", "n")  # the first letters of NaN, Infinity and null; numbers have none of them


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the rows of a chunk.

    Attributes:
        ids: the rows that have a prediction.
        predictions: JSON without blanks, a list that has a list of numbers for each of them.
        failed: id to reason.
    """

    ids: Sequence[int] = ()
    predictions: str = "[]"
    failed: dict[int, str] = field(default_factory=dict)

    def __add__(self, other: Outcome) -> Outcome:
        """Return what became of the rows of both."""
        parts = [part for part in (self.predictions[1:-1], other.predictions[1:-1]) if part]
        return Outcome([*self.ids, *other.ids], f"[{','.join(parts)}]", self.failed | other.failed)


def predict_chunk(predict: Predict, ids: Sequence[int], joined: str, singly: Callable[[], Sequence[Row]]) -> Outcome:
    """Predict rows, and find out which of them cannot be.

    Args:
        predict: the model.
        ids: the rows.
        joined: their values' texts, joined by ``rows.SEPARATOR``.
        singly: reads the same rows one by one; called when there is something wrong with one of them.
    """
    rows = read_chunk(joined, len(ids))
    if rows is None:
        return _predict_singly(predict, singly())
    return _answered(predict, ids, rows)


def _predict_singly(predict: Predict, rows: Sequence[Row]) -> Outcome:
    good: list[int] = []
    numbers: list[Sequence[float]] = []
    failed: dict[int, str] = {}
    for row, text, length in rows:
        found = numbers_of(text, length)
        if isinstance(found, str):
            failed[row] = found
        else:
            good.append(row)
            numbers.append(found)
    answered = _answered(predict, good, np.array(numbers, np.float32)) if good else Outcome()
    return answered + Outcome(failed=failed)


def _answered(predict: Predict, ids: Sequence[int], rows: NDArray[np.float32]) -> Outcome:
    try:
        answers = predict(rows)
    except Exception as error:  # noqa: BLE001 - onnxruntime's exceptions have no class in common
        if len(ids) == 1:
            return Outcome(failed={ids[0]: f"the model fails: {' '.join(str(error).split())}"})
        half = len(ids) // 2
        return _answered(predict, ids[:half], rows[:half]) + _answered(predict, ids[half:], rows[half:])
    if len(answers) != len(ids):
        return Outcome(failed=dict.fromkeys(ids, f"the model gave {len(answers)} answers for {len(ids)} rows"))
    texts = pydantic_core.to_json(answers).decode()
    if not any(letter in texts for letter in _NOT_FINITE):
        return Outcome(ids, texts)
    finite = np.isfinite(np.array(answers)).all(axis=1).tolist()
    kept = [answer for answer, good in zip(answers, finite, strict=True) if good]
    return Outcome(
        [row for row, good in zip(ids, finite, strict=True) if good],
        pydantic_core.to_json(kept).decode(),
        {row: "the model's answer is not finite" for row, good in zip(ids, finite, strict=True) if not good},
    )

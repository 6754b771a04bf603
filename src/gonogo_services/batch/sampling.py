"""The sample taken: random rows read, predicted, written and rolled back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pydantic_core
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from gonogo_services.batch.chunk import read_rows
from gonogo_services.batch.database import Database
from gonogo_services.batch.due import Due
from gonogo_services.batch.policy import Policy
from gonogo_services.batch.prediction import Predict, predict_chunk
from gonogo_services.batch.rows import numbers_of
from gonogo_services.batch.settling import settle
from gonogo_services.batch.tables import items
from gonogo_services.iris.flower import FEATURES

__all__ = ["Sample", "take_sample"]

_ROUNDS = 8
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a sample.

    Attributes:
        rows: the predicted ones (N, 4).
        classes: the positions of their most probable classes (N,).
        failed: id to reason of the others.
        seconds: from the first read to the end of the write.
    """

    rows: NDArray[np.float64]
    classes: NDArray[np.int64]
    failed: dict[int, str]
    seconds: float


def take_sample(
    database: Database,
    due: Due,
    predict: Predict,
    *,
    size: int,
    seed: int,
    clock: Callable[[], float],
) -> Sample:
    """Return a sample of up to ``size`` due rows, each as likely as any other; nothing of it stays in the database.

    Args:
        database: with its tables prepared.
        due: which rows may be drawn.
        predict: the model.
        size: rows to draw.
        clock: seconds, never going back.
        seed: which rows, as long as the table is the same; 0: others each time.

    Raises:
        DatabaseError: the database is gone, full, or refuses.
    """
    generator = np.random.default_rng(seed or secrets.randbits(64))
    began = clock()
    with database.rehearsing() as connection:
        ids = _choose(connection, database, due, size, generator)
        found = [
            _predict(connection, database, predict, ids[start : start + _AT_ONCE])
            for start in range(0, len(ids), _AT_ONCE)
        ]
        took = clock() - began
    failed = {row: reason for part in found for row, reason in part.failed.items()}
    rows = [row for part in found for row in part.rows]
    classes = [position for part in found for position in part.classes]
    return Sample(np.array(rows, np.float64).reshape(-1, len(FEATURES)), np.array(classes, np.int64), failed, took)


@dataclass(frozen=True, slots=True)
class _Part:
    rows: list[Sequence[float]]
    classes: list[int]
    failed: dict[int, str]


def _predict(connection: Connection, database: Database, predict: Predict, ids: Sequence[int]) -> _Part:
    singles = read_rows(connection, ids)
    # Without a joined text every row is judged by itself.
    outcome = predict_chunk(predict, ids, "", lambda: singles)
    settle(connection, database.dialect, Policy(), outcome)
    numbers = {row: numbers_of(text, length) for row, text, length in singles}
    rows = [given for row in outcome.ids if not isinstance(given := numbers[row], str)]
    classes = [int(np.argmax(answer)) for answer in pydantic_core.from_json(outcome.predictions)]
    return _Part(rows, classes, dict(outcome.failed))


def _choose(
    connection: Connection, database: Database, due: Due, size: int, generator: np.random.Generator
) -> list[int]:
    """Return ids of due rows: draws from the whole range of ids, of which those count that a due row has."""
    conditions = due.conditions(database.dialect)
    low, high = connection.execute(select(func.min(items.c.id), func.max(items.c.id)).where(*conditions)).one()
    if low is None:
        return []
    count = int(connection.execute(select(func.count()).select_from(items).where(*conditions)).scalar_one())
    found: dict[int, None] = {}
    if count > size:
        for _ in range(_ROUNDS):
            draws = generator.integers(low, high, size=2 * size, endpoint=True).tolist()
            for start in range(0, len(draws), _AT_ONCE):
                part = draws[start : start + _AT_ONCE]
                hits = set(connection.execute(select(items.c.id).where(*conditions, items.c.id.in_(part))).scalars())
                found |= dict.fromkeys(draw for draw in part if draw in hits)
            if len(found) >= size:
                return sorted(list(found)[:size])
    # Few rows, or ids with gaps too wide to hit any: positions instead of ids.
    rows = select(items.c.id).where(*conditions).order_by(items.c.id)
    if count <= size:
        return list(connection.execute(rows).scalars())
    wanted = set(generator.choice(count, size, replace=False).tolist())
    streamed = connection.execution_options(stream_results=True, yield_per=10_000).execute(rows).scalars()
    return [row for position, row in enumerate(streamed) if position in wanted]

"""The sample taken: random rows read, predicted, written and rolled back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pydantic_core
from numpy.typing import NDArray
from sqlalchemy import Connection, Integer, Text, case, cast, func, null, select

from gonogo_services.batch.chunk import Chunk, read_rows
from gonogo_services.batch.database import Database
from gonogo_services.batch.due import Due
from gonogo_services.batch.policy import Policy
from gonogo_services.batch.prediction import Predict, predict_chunk
from gonogo_services.batch.rows import numbers_of
from gonogo_services.batch.settling import settle
from gonogo_services.batch.tables import items

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


class _RolledBack(Exception):
    """Ends the transaction of the sample without a commit."""


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
        seed: which rows, as long as the table is the same; 0: others each time.

    Raises:
        DatabaseError: the database is gone, full, or refuses.
    """
    generator = np.random.default_rng(seed or secrets.randbits(64))
    began = clock()
    try:
        with database.writing() as connection:
            ids = _choose(connection, database, due, size, generator)
            values = dict(_values(connection, ids))
            predictions, failed = _predict(connection, database, predict, ids)
            took = clock() - began
            raise _RolledBack
    except _RolledBack:
        pass
    good = [row for row in ids if row in predictions]
    rows = np.array([values[row] for row in good], np.float64).reshape(-1, 4)
    classes = np.array([int(np.argmax(predictions[row])) for row in good], np.int64)
    return Sample(rows, classes, failed, took)


def _predict(
    connection: Connection, database: Database, predict: Predict, ids: Sequence[int]
) -> tuple[dict[int, list[float]], dict[int, str]]:
    predictions: dict[int, list[float]] = {}
    failed: dict[int, str] = {}
    for start in range(0, len(ids), _AT_ONCE):
        # Without a joined text every row is read and judged by itself.
        chunk = Chunk(ids[start : start + _AT_ONCE], "")
        outcome = predict_chunk(predict, chunk.ids, chunk.joined, lambda found=chunk: read_rows(connection, found))
        settle(connection, database.dialect, Policy(), outcome)
        predictions |= {
            row: pydantic_core.from_json(text) for row, text in zip(outcome.ids, outcome.predictions, strict=True)
        }
        failed |= outcome.failed
    return predictions, failed


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
        drawn: list[int] = []
        for _ in range(_ROUNDS):
            draws = generator.integers(low, high, size=2 * size, endpoint=True).tolist()
            drawn += draws
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


def _values(connection: Connection, ids: Sequence[int]) -> list[tuple[int, Sequence[float]]]:
    text = cast(items.c["values"], Text)
    length = func.coalesce(func.length(text), 0, type_=Integer)
    found: list[tuple[int, Sequence[float]]] = []
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        query = select(items.c.id, case((length > 4096, null()), else_=text), length).where(items.c.id.in_(part))
        for row, given, characters in connection.execute(query):
            numbers = numbers_of(given, characters)
            if not isinstance(numbers, str):
                found.append((row, numbers))
    return found

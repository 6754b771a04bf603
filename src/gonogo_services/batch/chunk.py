"""The statements that read rows without a prediction: a chunk as two texts in one row, or row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    select,
)

from gonogo_services.batch.dialects.interface import Dialect
from gonogo_services.batch.due import Due
from gonogo_services.batch.prediction import Row
from gonogo_services.batch.rows import LONGEST, SEPARATOR
from gonogo_services.batch.tables import items, unpredicted

__all__ = ["Chunk", "chunk_query", "read_chunk", "read_rows", "span_query"]

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows as they were read: their ids, and their values' texts joined by ``rows.SEPARATOR``."""

    ids: Sequence[int]
    joined: str

    @property
    def first(self) -> int:
        """The smallest id."""
        return min(self.ids)

    @property
    def last(self) -> int:
        """The largest id."""
        return max(self.ids)


def chunk_query(
    dialect: Dialect,
    due: Due,
    *,
    after: int | None,
    size: int,
    last: int | None = None,
    lock: bool = False,
    skip_locked: bool = False,
) -> Select[str | None, str | None]:
    """Return the query of the next chunk; its one row has the ids and the values, joined, or nulls.

    Args:
        dialect: of the database.
        due: which rows are due.
        after: only ids above it.
        last: only ids up to it.
        size: at most so many rows.
        lock: lock the rows.
        skip_locked: leave out those that are locked, instead of waiting.
    """
    conditions = _above(due.conditions(dialect), after)
    if last is not None:
        conditions.append(items.c.id <= last)
    rows = select(items.c.id, _text().label("text")).where(*conditions).order_by(items.c.id).limit(size)
    if lock:
        rows = rows.with_for_update(skip_locked=skip_locked)
    part = rows.subquery("chunk")
    ids = dialect.concatenated(cast(part.c.id, Text), ",")
    # Without a row both aggregates are null.
    return select(ids, dialect.concatenated(part.c.text, SEPARATOR))


def span_query(dialect: Dialect, due: Due, *, after: int | None, size: int) -> Select[int | None, int | None]:
    """Return the query of the smallest and the largest id of the next chunk, or nulls: no values are read."""
    part = select(items.c.id).where(*_above(due.conditions(dialect), after)).order_by(items.c.id).limit(size)
    span = part.subquery("span")
    return select(func.min(span.c.id), func.max(span.c.id))


def read_chunk(connection: Connection, query: Select[str | None, str | None]) -> Chunk | None:
    """Run the query and return the chunk; None when no row is due."""
    ids, joined = connection.execute(query).one()
    if ids is None:
        return None
    return Chunk([int(part) for part in ids.split(",")], joined or "")


def read_rows(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """Return those of the rows ``ids`` that have no prediction, one by one."""
    text = cast(items.c["values"], Text)
    length = func.coalesce(func.length(text), 0, type_=Integer)
    found: list[Row] = []
    for start in range(0, len(ids), _AT_ONCE):
        part = items.c.id.in_(ids[start : start + _AT_ONCE])
        query = select(items.c.id, case((length > LONGEST, null()), else_=text), length).where(part, unpredicted())
        found += [(row, given, characters) for row, given, characters in connection.execute(query)]
    return found


def _above(conditions: list[ColumnElement[bool]], after: int | None) -> list[ColumnElement[bool]]:
    return conditions if after is None else [*conditions, items.c.id > after]


def _text() -> ColumnElement[Any]:
    """Return the text of a row's values; ``null`` stands for a null, and a list with it for what is too long."""
    text = cast(items.c["values"], Text)
    return case((items.c["values"].is_(null()), literal("null")), (func.length(text) > LONGEST, "[null]"), else_=text)

"""The statements that read rows without a prediction: a chunk as two texts in one row, or row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal,
    not_,
    null,
    select,
)

from gonogo_services.batch.dialects.interface import Dialect
from gonogo_services.batch.due import Due
from gonogo_services.batch.prediction import Row
from gonogo_services.batch.rows import LONGEST, SEPARATOR
from gonogo_services.batch.tables import items, unpredicted

__all__ = ["Chunk", "chunk_query", "next_query", "read_chunk", "read_next", "read_rows", "span_query"]

_AT_ONCE = 1000
_LEAST_ID = -(2**63)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows as they were read.

    Attributes:
        ids: in their order; a ``range`` where they are known to have no gap.
        joined: their values' texts, joined by ``rows.SEPARATOR``.
    """

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


def next_query(dialect: Dialect, due: Due, ranges: int) -> Select[int | None, int | None, int, str | None]:
    """Return the query of the next chunk without its ids, for ``read_next``; it can be run again and again.

    Args:
        dialect: of the database.
        due: which rows are due; ``held`` is left out.
        ranges: how many held ranges it will be given.
    """
    conditions = [*replace(due, held=()).conditions(dialect), items.c.id > bindparam("after")]
    conditions += [
        not_(items.c.id.between(bindparam(f"first_{number}"), bindparam(f"last_{number}"))) for number in range(ranges)
    ]
    rows = select(items.c.id, _text().label("text")).where(*conditions).order_by(items.c.id)
    part = rows.limit(bindparam("size", type_=Integer)).subquery("chunk")
    texts = dialect.concatenated(part.c.text, SEPARATOR)
    return select(func.min(part.c.id), func.max(part.c.id), func.count(), texts)


def read_next(
    connection: Connection,
    query: Select[int | None, int | None, int, str | None],
    held: Sequence[tuple[int, int]],
    after: int | None,
    size: int,
) -> tuple[Chunk | None, bool]:
    """Return the next chunk, None when no row is due or its ids have a gap, and whether they have one.

    Ids without a gap need not be read: it is enough to count them.
    """
    values = {"after": _LEAST_ID if after is None else after, "size": size}
    for number, (first, last) in enumerate(held):
        values |= {f"first_{number}": first, f"last_{number}": last}
    low, high, count, joined = connection.execute(query, values).one()
    if low is None or high is None:
        return None, False
    gapless = high - low + 1 == count
    return (Chunk(range(low, high + 1), joined or "") if gapless else None), not gapless


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
    # The usual case comes first, and is decided by one comparison; the length of a null is null.
    return case((func.length(text) <= LONGEST, text), (items.c["values"].is_(null()), literal("null")), else_="[null]")

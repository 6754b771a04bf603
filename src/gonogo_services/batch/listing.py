"""Rows as the service shows them: pages in the order of ids, and exact counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Text, case, cast, func, insert, literal, null, select

from gonogo_services.batch.rows import LONGEST
from gonogo_services.batch.tables import failures, items, unpredicted

__all__ = ["ALL", "LISTS", "PARKED", "PREDICTED", "UNPREDICTED", "add_rows", "count", "counts", "page"]

ALL: Final = "all"
PREDICTED: Final = "predicted"
UNPREDICTED: Final = "unpredicted"
PARKED: Final = "parked"
LISTS: Final = (ALL, PREDICTED, UNPREDICTED, PARKED)


def page(connection: Connection, which: str, after: int, limit: int) -> list[dict[str, Any]]:
    """Return up to ``limit`` rows of a list with ids above ``after``.

    Values and prediction are texts of JSON, or None; values that are too long to be shown are too long to be
    predicted, and are a text of JSON that says so.
    """
    length = func.length(cast(items.c["values"], Text))
    too_long = literal('"') + cast(length, Text) + literal(' characters, too long to be shown"')
    values = case((length > LONGEST, too_long), else_=cast(items.c["values"], Text))
    reason = failures.c.reason if which == PARKED else null()
    query = _of(
        which,
        select(
            items.c.id,
            values.label("values"),
            cast(items.c.prediction, Text).label("prediction"),
            items.c.created_datetime,
            items.c.updated_datetime,
            reason.label("reason"),
        ),
    )
    rows = connection.execute(query.where(items.c.id > after).order_by(items.c.id).limit(limit))
    return [dict(row) for row in rows.mappings()]


def count(connection: Connection, which: str) -> int:
    """Return how many rows the list has now."""
    return int(connection.execute(_of(which, select(func.count()).select_from(items))).scalar_one())


def counts(connection: Connection) -> dict[str, int]:
    """Return how many rows each list has, all at the same moment: by one statement."""
    parked = _of(PARKED, select(func.count()).select_from(items)).scalar_subquery()
    query = select(func.count(), func.count(items.c.prediction), parked).select_from(items)
    whole, predicted, given_up = connection.execute(query).one()
    return {ALL: whole, PREDICTED: predicted, UNPREDICTED: whole - predicted, PARKED: given_up}


def add_rows(connection: Connection, rows: list[list[float]]) -> int:
    """Add rows without a prediction and return how many."""
    connection.execute(insert(items), [{"values": row} for row in rows])
    return len(rows)


def _of(which: str, query: Select[Any]) -> Select[Any]:
    if which == PARKED:
        parked: ColumnElement[bool] = failures.c.parked
        return query.join(failures, failures.c.item_id == items.c.id).where(unpredicted(), parked)
    conditions: Mapping[str, list[ColumnElement[bool]]] = {
        ALL: [],
        PREDICTED: [~unpredicted()],
        UNPREDICTED: [unpredicted()],
    }
    return query.where(*conditions[which])

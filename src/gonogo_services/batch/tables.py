"""The tables: ``items``, which belongs to its users, and three beside it, which belong to the jobs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Double,
    Integer,
    MetaData,
    String,
    Table,
)
from sqlalchemy.dialects import mysql

__all__ = ["MARK_CLAIMS", "MARK_SAMPLE", "REASON_LENGTH", "failures", "items", "leases", "marks", "unpredicted"]

REASON_LENGTH: Final = 500

#: Name of the mark whose row is the lock under which leases are taken.
MARK_CLAIMS: Final = "claims"
#: Name of the mark which tells that the sample has been loaded.
MARK_SAMPLE: Final = "sample"

metadata = MetaData()

_id = BigInteger().with_variant(Integer, "sqlite")
_moment = DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")

items = Table(
    "items",
    metadata,
    Column("id", _id, primary_key=True),
    Column("values", JSON(none_as_null=True), nullable=False),
    Column("prediction", JSON(none_as_null=True)),
    Column("created_datetime", _moment, nullable=False),
    Column("updated_datetime", _moment, nullable=False),
)

#: Rows that could not be predicted; a row without one has never failed. ``retry_at``: seconds since 1970.
failures = Table(
    "batch_failures",
    metadata,
    Column("item_id", BigInteger, primary_key=True, autoincrement=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", String(REASON_LENGTH), nullable=False),
    Column("retry_at", Double, nullable=False),
    Column("parked", Boolean, nullable=False),
)

#: Ranges of ids that a job holds until a moment, in seconds since 1970 by the database's clock.
leases = Table(
    "batch_leases",
    metadata,
    Column("token", String(32), primary_key=True),
    Column("first_id", BigInteger, nullable=False),
    Column("last_id", BigInteger, nullable=False),
    Column("until", Double, nullable=False),
)

#: Facts about the whole table, one row each.
marks = Table("batch_marks", metadata, Column("name", String(32), primary_key=True))


def unpredicted() -> ColumnElement[bool]:
    """Return the condition that a row of ``items`` has no prediction, which is also that of the index."""
    return items.c.prediction.is_(None)

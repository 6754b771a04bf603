"""A trial: a few slices of the rows predicted and written, then rolled back, to measure the speed beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from gonogo_services.batch.chunk import chunk_query, read_chunk, read_rows
from gonogo_services.batch.claims.leases import held_ranges
from gonogo_services.batch.database import Database
from gonogo_services.batch.due import Due, simplified
from gonogo_services.batch.pace import Pace
from gonogo_services.batch.policy import Policy
from gonogo_services.batch.prediction import Predict, predict_chunk
from gonogo_services.batch.settling import settle

__all__ = ["try_out"]

_SLICES = 6


def try_out(
    database: Database, due: Due, policy: Policy, predict: Predict, *, rows: int, clock: Callable[[], float]
) -> Pace:
    """Return the pace of up to six slices of ``rows`` rows each, in one lane; nothing of it stays.

    All of a chunk's work is in it except the commit. The first slice warms up and does not count.

    Raises:
        DatabaseError: the database is gone, full, or refuses.
    """
    pace = Pace()
    after: int | None = None
    for number in range(_SLICES):
        began = clock()
        with database.rehearsing() as connection:
            found = _slice(connection, database, due, policy, predict, after, rows)
        if found is None:
            return pace
        count, after = found
        if number:
            pace.add(count, clock() - began)
    return pace


def _slice(
    connection: Connection,
    database: Database,
    due: Due,
    policy: Policy,
    predict: Predict,
    after: int | None,
    rows: int,
) -> tuple[int, int] | None:
    dialect = database.dialect
    skips = dialect.skips_locked(connection)
    wanted = replace(simplified(connection, due), held=held_ranges(connection))
    query = chunk_query(dialect, wanted, after=after, size=rows, lock=True, skip_locked=skips)
    chunk = read_chunk(connection, query)
    if chunk is None:
        return None
    outcome = predict_chunk(predict, chunk.ids, chunk.joined, lambda: read_rows(connection, chunk.ids))
    settle(connection, dialect, policy, outcome)
    return len(chunk.ids), chunk.last

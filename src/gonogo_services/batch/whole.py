"""The policy retry-all: all due rows in one transaction, or none of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from gonogo_services.batch.chunk import chunk_query, read_chunk, read_rows
from gonogo_services.batch.claims.leases import lease_lock, leases_held
from gonogo_services.batch.database import Database
from gonogo_services.batch.due import Due
from gonogo_services.batch.errors import DatabaseError, RowsHeld, RowsRefused
from gonogo_services.batch.policy import Policy
from gonogo_services.batch.prediction import Predict, predict_chunk
from gonogo_services.batch.settling import settle
from gonogo_services.batch.stop import Stop
from gonogo_services.batch.tables import MARK_CLAIMS, marks
from gonogo_services.batch.walk import Walk

__all__ = ["predict_whole"]

_SHOWN: Final = 5
_POLL_S: Final = 0.2


def predict_whole(
    database: Database,
    due: Due,
    policy: Policy,
    predict: Predict,
    *,
    walk: Callable[[], Walk],
    leased: bool,
    stop: Stop,
    done: Callable[[int, int, int], None],
    say: Callable[[str], None],
) -> None:
    """Predict all due rows in one transaction; try again as the policy says when that does not go well.

    Args:
        database: with its tables prepared.
        due: which rows are due.
        policy: how often to try, and how long to wait between attempts.
        predict: the model.
        stop: ends the attempt at hand, and nothing of it is kept.
        walk: gives the chunks of an attempt.
        leased: whether other jobs hold rows by leases, which are waited for.
        done: is told the chunks when, and only when, all of them have been committed.
        say: is told why there is another attempt.

    Raises:
        RowsRefused: rows cannot be predicted; the message has their reasons.
        RowsHeld: another job predicts all rows, or holds some of them for too long.
        DatabaseError: the database is gone, full, or refuses.
    """
    for attempt in range(1, policy.attempts + 1):
        try:
            chunks = _attempt(database, due, policy, predict, walk(), leased=leased, stop=stop)
        except (RowsRefused, DatabaseError) as error:
            lasting = isinstance(error, DatabaseError) and not error.transient
            if lasting or attempt == policy.attempts or stop.requested:
                raise
            wait_s = policy.wait_s(attempt)
            say(f"{error}; attempt {attempt + 1} of {policy.attempts} in {wait_s:g} s")
            stop.wait(wait_s)
        else:
            for counts in chunks:
                done(*counts)
            return


def _attempt(
    database: Database, due: Due, policy: Policy, predict: Predict, walk: Walk, *, leased: bool, stop: Stop
) -> list[tuple[int, int, int]]:
    waited_s = 0.0
    while True:
        with database.writing() as connection:
            if leased:
                lease_lock(connection)
                free = not leases_held(connection, database)
            else:
                free = _alone(connection)
            if free:
                return _predict(connection, database, due, policy, predict, walk, leased=leased, stop=stop)
        waited_s += _POLL_S
        if not leased or waited_s > database.lease_s + 1 or stop.wait(_POLL_S):
            raise RowsHeld("another job holds rows; nothing was written; run this job again when that one is done")


def _alone(connection: Connection) -> bool:
    query = select(marks.c.name).where(marks.c.name == MARK_CLAIMS).with_for_update(skip_locked=True)
    return connection.execute(query).first() is not None


def _predict(
    connection: Connection,
    database: Database,
    due: Due,
    policy: Policy,
    predict: Predict,
    walk: Walk,
    *,
    leased: bool,
    stop: Stop,
) -> list[tuple[int, int, int]]:
    dialect = database.dialect
    chunks: list[tuple[int, int, int]] = []
    while (step := walk.step()) is not None:
        if stop.requested:
            raise RowsHeld("stopped before all rows were predicted; nothing was written")
        # Rows that another job has locked are waited for: left out, they would be missing from the whole.
        query = chunk_query(dialect, due, after=step.after, size=step.size, lock=not leased)
        chunk = read_chunk(connection, query)
        if chunk is None:
            break
        outcome = predict_chunk(predict, chunk.ids, chunk.joined, partial(read_rows, connection, chunk.ids))
        if outcome.failed:
            raise RowsRefused(_refusal(outcome.failed))
        chunks.append(settle(connection, dialect, policy, outcome))
        walk.took(step, len(chunk.ids), chunk.last)
    return chunks


def _refusal(failed: dict[int, str]) -> str:
    shown = "; ".join(f"row {row}: {failed[row]}" for row in sorted(failed)[:_SHOWN])
    more = f" and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
    count = f"{len(failed)} row{'s' if len(failed) > 1 else ''}"
    return f"{count} of a chunk cannot be predicted, so none was: {shown}{more}"

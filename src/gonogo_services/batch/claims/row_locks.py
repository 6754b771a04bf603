"""Claims by row locks: the transaction that reads a chunk holds it until it has written it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gonogo_services.batch.chunk import chunk_query, read_chunk, read_rows
from gonogo_services.batch.claims.interface import HeldChunk
from gonogo_services.batch.database import Database
from gonogo_services.batch.due import Due, simplified
from gonogo_services.batch.policy import Policy
from gonogo_services.batch.settling import settle

__all__ = ["RowLocks"]


class RowLocks:
    """Holds rows by ``FOR UPDATE SKIP LOCKED``.

    The server frees them when the connection ends, which it notices at once when the job was killed, and after the
    database's ``lease_s`` seconds of silence when its machine has vanished.
    """

    def __init__(self, database: Database, policy: Policy) -> None:
        self._database = database
        self._policy = policy

    @contextmanager
    def lane(self) -> Iterator[RowLocks]:
        """Give itself: nothing is held from chunk to chunk."""
        yield self

    @contextmanager
    def next_chunk(self, due: Due, after: int | None, size: int) -> Iterator[HeldChunk | None]:
        """Give rows that no other transaction has locked."""
        dialect = self._database.dialect
        with self._database.writing() as connection:
            wanted = simplified(connection, due)
            query = chunk_query(dialect, wanted, after=after, size=size, lock=True, skip_locked=True)
            chunk = read_chunk(connection, query)
            if chunk is None:
                yield None
            else:
                yield HeldChunk(
                    chunk,
                    singly=lambda: read_rows(connection, chunk.ids),
                    settle=lambda outcome: settle(connection, dialect, self._policy, outcome),
                )

"""Claims by leases: a row in a table says which range of ids a job holds, and until when."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from sqlalchemy import Connection, Select, delete, func, insert, select

from gonogo_services.batch.chunk import Chunk, chunk_query, read_chunk, read_rows, span_query
from gonogo_services.batch.claims.interface import HeldChunk
from gonogo_services.batch.database import Database
from gonogo_services.batch.due import Due, simplified
from gonogo_services.batch.errors import DatabaseError
from gonogo_services.batch.policy import Policy
from gonogo_services.batch.prediction import Outcome, Row
from gonogo_services.batch.settling import settle
from gonogo_services.batch.tables import MARK_CLAIMS, leases, marks

__all__ = ["Leases", "held_ranges", "lease_lock", "leases_held"]


class Leases:
    """Holds rows by leases, for databases without ``SKIP LOCKED``: SQLite, MySQL 5.7, MariaDB before 10.6.

    Leases are taken one at a time, under the lock of one row, for the moment in which the ids of the chunk are found;
    its values are read afterwards, while others write. The transaction that writes a chunk first removes its lease:
    whose lease has run out cannot write any more.
    """

    def __init__(self, database: Database, policy: Policy) -> None:
        self._database = database
        self._policy = policy

    @contextmanager
    def next_chunk(self, due: Due, after: int | None, size: int) -> Iterator[HeldChunk | None]:
        """Give rows that no lease covers."""
        token = secrets.token_hex(16)
        chunk = self._take(token, due, after, size)
        if chunk is None:
            yield None
            return

        def settle_leased(outcome: Outcome) -> tuple[int, int, int]:
            with self._database.writing() as connection:
                return self._write(connection, token, chunk, outcome)

        try:
            yield HeldChunk(chunk, singly=lambda: self._singly(chunk), settle=settle_leased)
        except BaseException:
            with suppress(DatabaseError):
                self._drop(token)
            raise

    def _take(self, token: str, due: Due, after: int | None, size: int) -> Chunk | None:
        dialect = self._database.dialect
        while True:
            with self._database.writing() as connection:
                lease_lock(connection)
                connection.execute(delete(leases).where(leases.c.until <= dialect.now()))
                wanted = replace(simplified(connection, due), held=held_ranges(connection))
                first, last = connection.execute(span_query(dialect, wanted, after=after, size=size)).one()
                if first is None or last is None:
                    return None
                until = dialect.now() + self._database.lease_s
                held = {"token": token, "first_id": first, "last_id": last, "until": until}
                connection.execute(insert(leases).values(held))
            try:
                chunk = self._read(chunk_query(dialect, wanted, after=first - 1, last=last, size=size))
            except BaseException:
                with suppress(DatabaseError):
                    self._drop(token)
                raise
            if chunk is not None:
                return chunk
            # Something else than a job has removed or predicted all of them in this moment.
            self._drop(token)

    def _read(self, query: Select[str | None, str | None]) -> Chunk | None:
        with self._database.reading() as connection:
            return read_chunk(connection, query)

    def _drop(self, token: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(leases).where(leases.c.token == token))

    def _singly(self, chunk: Chunk) -> Sequence[Row]:
        with self._database.reading() as connection:
            return read_rows(connection, chunk.ids)

    def _write(self, connection: Connection, token: str, chunk: Chunk, outcome: Outcome) -> tuple[int, int, int]:
        dialect = self._database.dialect
        valid = (leases.c.token == token) & (leases.c.until > dialect.now())
        if connection.execute(delete(leases).where(valid)).rowcount != 1:
            raise DatabaseError(
                f"the lease of rows {chunk.first} to {chunk.last} ran out after {self._database.lease_s:g} s, so that "
                "another job may have them; use smaller chunks or a longer lease",
                transient=True,
            )
        # Leases hold off jobs only: rows that others removed or predicted meanwhile are found by counting.
        return settle(connection, dialect, self._policy, outcome)


def held_ranges(connection: Connection) -> list[tuple[int, int]]:
    """Return the ranges of all leases there are, run out or not."""
    return list(connection.execute(select(leases.c.first_id, leases.c.last_id)))


def lease_lock(connection: Connection) -> None:
    """Wait until no other transaction takes leases, and hold them off until this one ends."""
    connection.execute(select(marks.c.name).where(marks.c.name == MARK_CLAIMS).with_for_update()).all()


def leases_held(connection: Connection, database: Database) -> int:
    """Return how many leases have not run out."""
    query = select(func.count()).select_from(leases).where(leases.c.until > database.dialect.now())
    return int(connection.execute(query).scalar_one())

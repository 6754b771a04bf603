"""Claims by leases: a row in a table says which range of ids a job holds, and until when."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Double, Select, bindparam, delete, func, insert, select

from gonogo_services.batch.chunk import Chunk, chunk_query, next_query, read_chunk, read_next, read_rows, span_query
from gonogo_services.batch.claims.interface import HeldChunk
from gonogo_services.batch.database import Database
from gonogo_services.batch.due import Due, simplified
from gonogo_services.batch.errors import DatabaseError
from gonogo_services.batch.policy import Policy
from gonogo_services.batch.prediction import Outcome, Row
from gonogo_services.batch.settling import settle
from gonogo_services.batch.tables import MARK_CLAIMS, leases, marks

__all__ = ["Leases", "held_ranges", "lease_lock", "leases_held"]


@dataclass(frozen=True, slots=True)
class _Leased:
    chunk: Chunk
    token: str


class Leases:
    """Holds rows by leases, for databases without ``SKIP LOCKED``: SQLite, MySQL 5.7, MariaDB before 10.6.

    Leases are taken one at a time, under the lock of one row, for the moment in which the ids of the chunk are found;
    its values are read afterwards, while others write. Where one transaction at a time writes, both are done by the
    transaction that writes the chunk before. A transaction that writes a chunk first removes its lease: whose lease has
    run out cannot write any more.

    Args:
        database: with its tables prepared.
        policy: what becomes of rows that cannot be predicted.
        ahead: lease and read the next chunk in the transaction that writes a chunk.
    """

    def __init__(self, database: Database, policy: Policy, *, ahead: bool = False) -> None:
        self._database = database
        self._policy = policy
        self._ahead = ahead
        self._next: _Leased | None = None
        self._none_left = False
        self._queries: dict[tuple[Due, int], Select[int | None, int | None, int, str | None]] = {}
        # Built once: to build them takes longer than to run them.
        now, token = database.dialect.now(), leases.c.token == bindparam("held")
        self._expired = delete(leases).where(leases.c.until <= now)
        self._valid = delete(leases).where(token, leases.c.until > now)
        self._dropped = delete(leases).where(token)
        self._inserted = insert(leases).values(
            token=bindparam("held"),
            first_id=bindparam("first"),
            last_id=bindparam("last"),
            until=now + bindparam("lease_s", type_=Double),
        )

    @contextmanager
    def lane(self) -> Iterator[Leases]:
        """Give claims for one lane, which lease ahead where one transaction at a time writes."""
        claims = Leases(self._database, self._policy, ahead=self._database.dialect.one_writer)
        try:
            yield claims
        finally:
            claims._give_back()

    @contextmanager
    def next_chunk(self, due: Due, after: int | None, size: int) -> Iterator[HeldChunk | None]:
        """Give rows that no lease covers."""
        found = self._leased_ahead(size)
        if found is None and not self._none_left:
            found = self._lease(due, after, size)
        if found is None:
            yield None
            return
        chunk, token = found.chunk, found.token

        def settle_leased(outcome: Outcome) -> tuple[int, int, int]:
            with self._database.writing() as connection:
                counts = self._write(connection, found, outcome)
                following = self._lease_alone(connection, due, chunk.last, size) if self._ahead else None
            self._next, self._none_left = following, self._ahead and following is None
            return counts

        try:
            yield HeldChunk(chunk, singly=lambda: self._singly(chunk), settle=settle_leased)
        except BaseException:
            with suppress(DatabaseError):
                self._drop(token)
            raise

    def _leased_ahead(self, size: int) -> _Leased | None:
        if self._next is not None and len(self._next.chunk.ids) > size:
            self._give_back()
        found, self._next = self._next, None
        return found

    def _give_back(self) -> None:
        found, self._next = self._next, None
        if found is not None:
            with suppress(DatabaseError):
                self._drop(found.token)

    def _lease(self, due: Due, after: int | None, size: int) -> _Leased | None:
        # Whoever could write under a lease ends with the machine on which it is lost.
        if self._database.dialect.one_writer:
            with self._database.writing(passing=True) as connection:
                return self._lease_alone(connection, due, after, size)
        while True:
            with self._database.writing(passing=True) as connection:
                lease_lock(connection)
                wanted = self._unleased(connection, due)
                query = span_query(self._database.dialect, wanted, after=after, size=size)
                first, last = connection.execute(query).one()
                if first is None or last is None:
                    return None
                token = self._insert(connection, first, last)
            try:
                chunk = self._read(wanted, first, last, size)
            except BaseException:
                with suppress(DatabaseError):
                    self._drop(token)
                raise
            if chunk is not None:
                return _Leased(chunk, token)
            # Something else than a job has removed or predicted all of them in this moment.
            self._drop(token)

    def _lease_alone(self, connection: Connection, due: Due, after: int | None, size: int) -> _Leased | None:
        """Lease and read in a transaction beside which nobody writes."""
        dialect, wanted = self._database.dialect, self._unleased(connection, due)
        kind = replace(wanted, held=()), len(wanted.held)
        if kind not in self._queries:
            self._queries[kind] = next_query(dialect, *kind)
        chunk, gaps = read_next(connection, self._queries[kind], wanted.held, after, size)
        if gaps:
            chunk = read_chunk(connection, chunk_query(dialect, wanted, after=after, size=size))
        return None if chunk is None else _Leased(chunk, self._insert(connection, chunk.first, chunk.last))

    def _unleased(self, connection: Connection, due: Due) -> Due:
        connection.execute(self._expired)
        return replace(simplified(connection, due), held=held_ranges(connection))

    def _insert(self, connection: Connection, first: int, last: int) -> str:
        token = secrets.token_hex(16)
        values = {"held": token, "first": first, "last": last, "lease_s": self._database.lease_s}
        connection.execute(self._inserted, values)
        return token

    def _read(self, due: Due, first: int, last: int, size: int) -> Chunk | None:
        query = chunk_query(self._database.dialect, due, after=first - 1, last=last, size=size)
        with self._database.reading() as connection:
            return read_chunk(connection, query)

    def _drop(self, token: str) -> None:
        with self._database.writing(passing=True) as connection:
            connection.execute(self._dropped, {"held": token})

    def _singly(self, chunk: Chunk) -> Sequence[Row]:
        with self._database.reading() as connection:
            return read_rows(connection, chunk.ids)

    def _write(self, connection: Connection, held: _Leased, outcome: Outcome) -> tuple[int, int, int]:
        if connection.execute(self._valid, {"held": held.token}).rowcount != 1:
            raise DatabaseError(
                f"the lease of rows {held.chunk.first} to {held.chunk.last} ran out after {self._database.lease_s:g} "
                "s, so that another job may have them; use smaller chunks or a longer lease",
                transient=True,
            )
        # Leases hold off jobs only: rows that others removed or predicted meanwhile are found by counting.
        return settle(connection, self._database.dialect, self._policy, outcome)


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

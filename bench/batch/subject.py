"""A table with rows, brought back to the same state before every measurement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.engine import make_url

from fixtures.databases import running_mariadb, running_postgresql
from gonogo_services.batch.database import Database
from gonogo_services.batch.sample_rows import sample_values
from gonogo_services.batch.schema import prepare_tables
from gonogo_services.batch.tables import items

__all__ = ["KINDS", "Subject", "subject"]

KINDS = ("sqlite", "mariadb", "postgresql")

_PER_INSERT = 5000
# Rewritten tables have no room that an earlier measurement left in their pages.
_REWRITE = {
    "sqlite": ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"),
    "mysql": ("OPTIMIZE TABLE items",),
    "postgresql": ("VACUUM FULL ANALYZE items", "CHECKPOINT"),
}


@dataclass(frozen=True)
class Subject:
    """A database with a filled table ``items``.

    Attributes:
        plain: an engine of its own, each statement of which is committed at once.
        server: process id of what started the server; None where the database is a file.
    """

    kind: str
    url: str
    database: Database
    plain: Engine
    rows: int
    server: int | None = None

    @property
    def dialect(self) -> str:
        """Name of the dialect: ``sqlite``, ``mysql`` or ``postgresql``."""
        return self.database.dialect.name

    def reset(self) -> None:
        """Take away all predictions and write the table anew."""
        self.execute("UPDATE items SET prediction = NULL WHERE prediction IS NOT NULL", *_REWRITE[self.dialect])

    def unpredicted(self) -> int:
        """Return how many rows have no prediction."""
        with self.plain.connect() as connection:
            count: int = connection.exec_driver_sql("SELECT count(*) FROM items WHERE prediction IS NULL").scalar_one()
            return count

    def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        with self.plain.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


@contextmanager
def subject(kind: str, folder: Path, rows: int) -> Iterator[Subject]:
    """Give a database of ``kind`` with ``rows`` rows; every commit in it is durable."""
    if kind == "sqlite":
        yield from _filled(kind, f"sqlite:///{folder / 'bench.db'}", rows)
        return
    running = {"mariadb": running_mariadb, "postgresql": running_postgresql}[kind]
    with running() as server, server.database() as name:
        yield from _filled(kind, server.url(name), rows, server.keeper.pid)


def _filled(kind: str, url: str, rows: int, server: int | None = None) -> Iterator[Subject]:
    database = Database(make_url(url))
    plain = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        prepare_tables(database)
        values = sample_values(rows)
        for start in range(0, rows, _PER_INSERT):
            with database.writing() as connection:
                connection.execute(insert(items), [{"values": row} for row in values[start : start + _PER_INSERT]])
        found = Subject(kind, url, database, plain, rows, server)
        if kind == "sqlite":
            found.execute("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")
        yield found
    finally:
        database.close()
        plain.dispose()

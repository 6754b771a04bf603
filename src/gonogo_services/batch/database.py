"""A database: connections, transactions, and errors that say which database and what to do."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from gonogo_services.batch.dialects.interface import Dialect
from gonogo_services.batch.dialects.mysql import MySQL
from gonogo_services.batch.dialects.postgresql import PostgreSQL
from gonogo_services.batch.dialects.sqlite import PASSING, WRITES, SQLite
from gonogo_services.batch.errors import DatabaseError

__all__ = ["LEASE_S", "Database"]

LEASE_S: Final = 60.0

_DIALECTS: Final[dict[str, Callable[[], Dialect]]] = {"sqlite": SQLite, "mysql": MySQL, "postgresql": PostgreSQL}
_CONNECT_TIMEOUT_S = 10
_SILENCE_S = 600
# A server whose machine vanishes says nothing: without these a job would wait for its answer for ever.
_TIMEOUTS: Final[dict[str, dict[str, Any]]] = {
    "sqlite": {},
    "mysql": {"connect_timeout": _CONNECT_TIMEOUT_S, "read_timeout": _SILENCE_S, "write_timeout": _SILENCE_S},
    "postgresql": {
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
    },
}
_CONNECTIONS = 32
# ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_BAD_DB_ERROR: waiting does not mend them.
_LASTING_MYSQL = frozenset({1044, 1045, 1049})


class Database:
    """A database that is opened when it is first used.

    Connections and their sockets belong to one process: ``close`` before a fork.

    Args:
        url: as ``address_from`` returns it.
        lease_s: seconds of silence after which a job loses what it holds.
    """

    def __init__(self, url: URL, *, lease_s: float = LEASE_S) -> None:
        backend = url.get_backend_name()
        self.dialect = _DIALECTS[backend]()
        self.lease_s = lease_s
        self.described = url.render_as_string(hide_password=True)
        # Last in, first out: the connection that has just been used has the pages in its cache. A server that was
        # started anew has closed them all, which is asked first.
        self._engine = create_engine(
            url,
            connect_args=dict(_TIMEOUTS[backend]),
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_use_lifo=True,
            pool_pre_ping=backend != "sqlite",
        )
        self.dialect.prepare(self._engine, lease_s)
        # SQLite's writers look for their turn at ever longer intervals; threads of one process can do better.
        self._turn = threading.Lock() if self.dialect.one_writer else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection in a transaction that writes nothing.

        Raises:
            DatabaseError: the database is gone or refuses.
        """
        with self._told(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, *, passing: bool = False) -> Iterator[Connection]:
        """Give a connection in a transaction that is committed when the block ends well and rolled back otherwise.

        Args:
            passing: what is written matters only as long as this machine is up, so that the commit need not wait for
                the disk (on SQLite; servers serve other machines, too, and always wait).

        Raises:
            DatabaseError: the database is gone, full, or refuses.
        """
        with self._told(), self._turn, self._engine.connect() as connection:
            writer = connection.execution_options(**{WRITES: True, PASSING: passing})
            with writer.begin():
                yield writer

    @contextmanager
    def rehearsing(self) -> Iterator[Connection]:
        """Give a connection in a transaction that may write and is always rolled back.

        Raises:
            DatabaseError: the database is gone, full, or refuses.
        """
        with self._told(), self._turn, self._engine.connect() as connection:
            writer = connection.execution_options(**{WRITES: True})
            transaction = writer.begin()
            try:
                yield writer
            finally:
                transaction.rollback()

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # whoever writes what may be there already knows what that means
        except DBAPIError as error:
            raise self._told_error(error) from error

    def _told_error(self, error: DBAPIError) -> DatabaseError:
        said = " ".join(str(error.orig).split())
        if error.orig is not None and self.dialect.full(error.orig):
            return DatabaseError(
                f"the database {self.described} has no room left: {said}; nothing of this step was written; "
                "make room and start again"
            )
        if _passing(error):
            return DatabaseError(
                f"the database {self.described} cannot be used now: {said}; start it, or correct its address",
                transient=True,
            )
        return DatabaseError(
            f"the database {self.described} refuses: {said}; see that its address, the account and its rights are right"
        )


def _passing(error: DBAPIError) -> bool:
    orig = error.orig
    if isinstance(orig, sqlite3.Error):
        return orig.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    if error.connection_invalidated:
        return True
    if orig is not None and orig.args and orig.args[0] in _LASTING_MYSQL:
        return False
    return isinstance(error, OperationalError | InterfaceError)

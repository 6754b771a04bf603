"""SQLite: one writer at a time, so that leases of ranges stand in for row locks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Double, Engine, event, func, literal, type_coerce

from gonogo_services.batch.dialects.interface import joined

__all__ = ["SQLite"]

#: The execution option of connections whose transactions take the write lock when they begin.
WRITES: Final = "gonogo_writes"

_BUSY_TIMEOUT_MS = 30_000
_FULL = "SQLITE_FULL"

# json_each of one flat object; the keys are ids. The plan is one primary-key search for each key.
_STORE = """
UPDATE items SET prediction = new.value, updated_datetime = strftime('%Y-%m-%d %H:%M:%f000', 'now')
FROM json_each(?) AS new WHERE items.id = CAST(new.key AS INTEGER) AND items.prediction IS NULL
"""


class SQLite:
    """A SQLite file, in WAL mode, with every commit durable."""

    name = "sqlite"

    def prepare(self, engine: Engine, lease_s: float) -> None:  # noqa: ARG002 - no server that could wait for a client
        """Set durability and the time to wait for the writer; begin transactions when SQLAlchemy does."""

        @event.listens_for(engine, "connect")
        def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
            connection.isolation_level = None
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            # A transaction that begins by reading cannot wait for the writer later: SQLite refuses it at once.
            writes = connection.get_execution_options().get(WRITES, False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    def skips_locked(self, connection: Connection) -> bool:  # noqa: ARG002 - true of every version
        """Return False: there are no row locks."""
        return False

    def now(self) -> ColumnElement[float]:
        """Return the clock of this machine, to the millisecond."""
        return type_coerce((func.julianday("now") - literal(2440587.5, Double)) * literal(86400.0, Double), Double)

    def concatenated(self, column: ColumnElement[Any], separator: str) -> ColumnElement[str]:
        """Return ``group_concat``."""
        return func.group_concat(column, separator)

    def store(self, connection: Connection, ids: Sequence[int], predictions: Sequence[str]) -> int:
        """Write the predictions, given as one JSON object."""
        joined(predictions, ",")
        pairs = ",".join([f'"{row}":"{text}"' for row, text in zip(ids, predictions, strict=True)])
        return connection.exec_driver_sql(_STORE, ("{" + pairs + "}",)).rowcount

    def lock_for_migration(self, connection: Connection) -> None:
        """Do nothing: a writing transaction is alone already."""

    def full(self, error: BaseException) -> bool:
        """Tell whether the disk, or the file by its page limit, is full."""
        return getattr(error, "sqlite_errorname", "") == _FULL

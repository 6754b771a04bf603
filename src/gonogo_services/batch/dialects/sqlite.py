"""SQLite: one writer at a time, so that leases of ranges stand in for row locks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Double, Engine, event, func, literal, type_coerce

from gonogo_services.batch.dialects.interface import separated

__all__ = ["SQLite"]

#: The execution option of connections whose transactions take the write lock when they begin.
WRITES: Final = "gonogo_writes"
#: The execution option of those whose commits a power cut may undo, as one: what is lost is lost together.
PASSING: Final = "gonogo_passing"

_BUSY_TIMEOUT_MS = 30_000
# 64 MiB of log before it goes into the file: a page that many chunks change is then copied once.
_LOG_PAGES = 16_384
_CACHE_KIB = 16_384
_FULL = "SQLITE_FULL"

# JSON is taken apart by json_each: one list, whose keys are positions, or one flat object, whose keys are ids. The plan
# is one primary-key search for each key.
_STORE = """
UPDATE items SET prediction = new.value, updated_datetime = strftime('%Y-%m-%d %H:%M:%f000', 'now')
FROM json_each(?) AS new WHERE items.prediction IS NULL AND items.id = """
_STORE_RANGE = _STORE + "? + new.key"
_STORE_IDS = _STORE + "CAST(new.key AS INTEGER)"


class SQLite:
    """A SQLite file, in WAL mode; every commit is durable but those of passing facts."""

    name = "sqlite"
    one_writer = True

    def prepare(self, engine: Engine, lease_s: float) -> None:  # noqa: ARG002 - no server that could wait for a client
        """Set the journal and the time to wait for the writer; begin transactions when SQLAlchemy does."""

        @event.listens_for(engine, "connect")
        def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
            connection.isolation_level = None
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            # A transaction that begins by reading cannot wait for the writer later: SQLite refuses it at once.
            options = connection.get_execution_options()
            if options.get(WRITES, False):
                level = "NORMAL" if options.get(PASSING, False) else "FULL"
                connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("BEGIN")

    def skips_locked(self, connection: Connection) -> bool:  # noqa: ARG002 - true of every version
        """Return False: there are no row locks."""
        return False

    def now(self) -> ColumnElement[float]:
        """Return the clock of this machine, to the millisecond."""
        return type_coerce((func.julianday("now") - literal(2440587.5, Double)) * literal(86400.0, Double), Double)

    def concatenated(self, column: ColumnElement[Any], separator: str) -> ColumnElement[str]:
        """Return ``group_concat``."""
        return func.group_concat(column, separator)

    def store(self, connection: Connection, ids: Sequence[int], predictions: str) -> int:
        """Write the predictions, given as they are when the ids have no gap, and as a JSON object otherwise."""
        if isinstance(ids, range) and ids.step == 1:
            return connection.exec_driver_sql(_STORE_RANGE, (predictions, ids.start)).rowcount
        texts = separated(predictions, ";").split(";")
        pairs = ",".join([f'"{row}":{text}' for row, text in zip(ids, texts, strict=True)])
        return connection.exec_driver_sql(_STORE_IDS, ("{" + pairs + "}",)).rowcount

    def lock_for_migration(self, connection: Connection) -> None:
        """Do nothing: a writing transaction is alone already."""

    def full(self, error: BaseException) -> bool:
        """Tell whether the disk, or the file by its page limit, is full."""
        return getattr(error, "sqlite_errorname", "") == _FULL

"""MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, Engine, event, func, type_coerce
from sqlalchemy.dialects.mysql import DATETIME

from gonogo_services.batch.dialects.interface import separated

__all__ = ["MySQL"]

_JOINED_BYTES = 1 << 30
_MIGRATION_WAIT_S = 60
_SKIP_LOCKED_SINCE = {True: (10, 6), False: (8, 0, 1)}  # by whether it is MariaDB
# ER_DISK_FULL, ER_RECORD_FILE_FULL, and what the storage engine passes on from the system: ENOSPC.
_FULL = frozenset({1021, 1114, 1030})
_PER_UPDATED_ROW = 2  # what ON DUPLICATE KEY UPDATE counts for a row that was there; one for a row that was not


class MySQL:
    """A MySQL server, 5.7 or later, or a MariaDB server, 10.3 or later, with InnoDB tables."""

    name = "mysql"
    one_writer = False

    def prepare(self, engine: Engine, lease_s: float) -> None:
        """Have the server end a transaction whose job says nothing for ``lease_s`` seconds, and answer in UTC."""

        @event.listens_for(engine, "connect")
        def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
            silence_s = max(1, round(lease_s))
            mariadb = "MariaDB" in connection.get_server_info()
            with connection.cursor() as cursor:
                # GROUP_CONCAT cuts what is longer than this, with no more than a warning.
                cursor.execute(f"SET SESSION group_concat_max_len = {_JOINED_BYTES}")
                cursor.execute("SET SESSION time_zone = '+00:00'")
                # SQLAlchemy's own way sets it at every use, where a lost connection raises the driver's bare error.
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
                timeout = "idle_transaction_timeout" if mariadb else "wait_timeout"
                cursor.execute(f"SET SESSION {timeout} = {silence_s}")

    def skips_locked(self, connection: Connection) -> bool:
        """Tell whether it is MariaDB 10.6, MySQL 8.0.1, or later."""
        dialect = connection.dialect
        version = dialect.server_version_info or (0,)
        return version >= _SKIP_LOCKED_SINCE[bool(getattr(dialect, "is_mariadb", False))]

    def now(self) -> ColumnElement[float]:
        """Return the time at which the statement began."""
        return type_coerce(func.unix_timestamp(func.now(6, type_=DATETIME)), Double)

    def concatenated(self, column: ColumnElement[Any], separator: str) -> ColumnElement[str]:
        """Return ``GROUP_CONCAT``."""
        return func.aggregate_strings(column, separator)

    def store(self, connection: Connection, ids: Sequence[int], predictions: str) -> int:
        """Write the predictions as rows that exist already: the fastest of the statements that MySQL 5.7 knows.

        A row that does not exist is inserted, and one that has a prediction is not changed. Both count otherwise than a
        row that gets its prediction, so that the caller sees the difference and rolls back.
        """
        texts = separated(predictions, ";").split(";")
        now = "UTC_TIMESTAMP(6)"
        # Whole numbers and, as ``separated`` has checked, lists of numbers: nothing that could be taken for SQL.
        rows = ",".join([f"({row},'null','{text}',{now},{now})" for row, text in zip(ids, texts, strict=True)])
        result = connection.exec_driver_sql(
            "INSERT INTO items (id, `values`, prediction, created_datetime, updated_datetime) VALUES "  # noqa: S608
            f"{rows} ON DUPLICATE KEY UPDATE "
            # Assignments see what those before them have changed, so the prediction comes last.
            f"updated_datetime = IF(prediction IS NULL, {now}, updated_datetime), "
            "prediction = IF(prediction IS NULL, VALUES(prediction), prediction)"
        )
        whole, rest = divmod(result.rowcount, _PER_UPDATED_ROW)
        return -1 if rest else whole

    def lock_for_migration(self, connection: Connection) -> None:
        """Take a named lock until the connection closes."""
        connection.exec_driver_sql(f"SELECT GET_LOCK('gonogo_batch', {_MIGRATION_WAIT_S})")

    def full(self, error: BaseException) -> bool:
        """Tell whether the server's disk or tablespace is full."""
        return bool(error.args) and error.args[0] in _FULL

"""PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, Engine, Text, cast, event, func

from gonogo_services.batch.dialects.interface import separated

__all__ = ["PostgreSQL"]

_DISK_FULL = "53100"  # PostgreSQL manual, appendix A
_MIGRATION_LOCK = 0x676F6E6F

_STORE = """
UPDATE items SET prediction = new.prediction, updated_datetime = now() AT TIME ZONE 'UTC'
FROM unnest(string_to_array(%s, ';')::bigint[], string_to_array(%s, ';')::json[]) AS new(id, prediction)
WHERE items.id = new.id AND items.prediction IS NULL
"""


class PostgreSQL:
    """A PostgreSQL server, 9.6 or later."""

    name = "postgresql"
    one_writer = False

    def prepare(self, engine: Engine, lease_s: float) -> None:
        """Have the server end a transaction whose job says nothing for ``lease_s`` seconds, and answer in UTC."""

        @event.listens_for(engine, "connect")
        def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
            before, connection.autocommit = connection.autocommit, True
            connection.execute(f"SET idle_in_transaction_session_timeout = {max(1, round(lease_s * 1000))}")
            connection.execute("SET TIME ZONE 'UTC'")
            connection.autocommit = before

    def skips_locked(self, connection: Connection) -> bool:  # noqa: ARG002 - true of every version
        """Return True."""
        return True

    def now(self) -> ColumnElement[float]:
        """Return the time at which the transaction began."""
        return cast(func.extract("epoch", func.now()), Double)

    def concatenated(self, column: ColumnElement[Any], separator: str) -> ColumnElement[str]:
        """Return ``string_agg``."""
        return func.string_agg(cast(column, Text), separator)

    def store(self, connection: Connection, ids: Sequence[int], predictions: str) -> int:
        """Write the predictions, given as two texts that the server takes apart."""
        parameters = (";".join(map(str, ids)), separated(predictions, ";"))
        return connection.exec_driver_sql(_STORE, parameters).rowcount

    def lock_for_migration(self, connection: Connection) -> None:
        """Take an advisory lock until the transaction ends."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")

    def full(self, error: BaseException) -> bool:
        """Tell whether the server's disk is full."""
        return getattr(error, "sqlstate", None) == _DISK_FULL

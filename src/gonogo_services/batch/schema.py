"""The tables made and kept up to date, by whoever starts first."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, String, column, inspect, select, table

from gonogo_services.batch.database import Database
from gonogo_services.batch.shape import check_shape

__all__ = ["REVISION", "prepare_tables"]

#: The newest revision in ``migrations/versions``.
REVISION: Final = "0002"

_VERSIONS = "batch_version"


def prepare_tables(database: Database) -> None:
    """Make the tables or bring them up to date, once however many processes do this at the same moment.

    Raises:
        TableError: there is a table ``items`` of another shape; nothing has been changed.
        DatabaseError: the database is gone or refuses.
    """
    with database.reading() as connection:
        if check_shape(connection, database.described) and _revision(connection) == REVISION:
            return
    try:
        with database.writing() as connection:
            database.dialect.lock_for_migration(connection)
            check_shape(connection, database.described)
            if _revision(connection) != REVISION:
                _upgrade(connection)
    finally:
        database.close()  # a lock of the connection's ends with it


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSIONS):
        return None
    version = column("version_num", String)
    return connection.execute(select(version).select_from(table(_VERSIONS, version))).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - needed once in the life of a database
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "gonogo_services.batch:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

"""Where the database is: one URL, or the ``MYSQL_*`` variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError

__all__ = ["DEFAULT_URL", "address_from"]

DEFAULT_URL: Final = "sqlite:///batch.db"

_DRIVERS: Final[Mapping[str, str]] = {
    "sqlite": "sqlite",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
_MYSQL_PORT = 3306


def address_from(environment: Environment) -> URL:
    """Return the database's URL: ``DATABASE_URL``, or ``MYSQL_SERVER`` and the rest, or a SQLite file.

    Raises:
        SettingsError: the URL is none, names no database, or a kind of database that is not known.
    """
    stated = environment.text("DATABASE_URL", "")
    if not stated and environment.text("MYSQL_SERVER", ""):
        return URL.create(
            _DRIVERS["mysql"],
            username=environment.text("MYSQL_USER", "root"),
            password=environment.text("MYSQL_PASSWORD", "") or None,
            host=environment.required("MYSQL_SERVER", "the host of the MySQL server"),
            port=environment.whole_number("MYSQL_PORT", _MYSQL_PORT),
            database=environment.required("MYSQL_DATABASE", "the name of the database"),
        )
    try:
        url = make_url(stated or DEFAULT_URL)
    except (ArgumentError, ValueError):
        # The value may hold a password, so it is not repeated.
        raise SettingsError("DATABASE_URL is no database URL; write one such as mysql://user@host:3306/name") from None
    kind = url.get_backend_name()
    if kind not in _DRIVERS:
        raise SettingsError(f"DATABASE_URL names a {kind} database; use one of sqlite, mysql, mariadb, postgresql")
    if not url.database or url.database == ":memory:":
        raise SettingsError(
            f"DATABASE_URL={url.render_as_string()!r} names no database; jobs and service share one by its name"
        )
    return url.set(drivername=_DRIVERS[kind])

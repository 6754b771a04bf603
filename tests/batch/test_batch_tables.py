"""Tables: made once however many start, kept when they fit, refused untouched when they do not; the sample once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from fixtures.batch_tables import Job, Table
from gonogo_services.batch.address import address_from
from gonogo_services.batch.database import Database
from gonogo_services.batch.errors import TableError
from gonogo_services.batch.sample_rows import SAMPLE_ROWS, load_sample, sample_values
from gonogo_services.batch.schema import REVISION, prepare_tables
from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError

T = TypeVar("T")


def at_once(count: int, url: str, act: Callable[[Database], T]) -> list[T]:
    """Do the same with ``count`` databases, each with connections of its own, at the same time."""
    databases = [Database(make_url(url)) for _ in range(count)]
    try:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(act, databases))
    finally:
        for database in databases:
            database.close()


def test_tables_are_made_once_by_many_at_once(database_url: str) -> None:
    """Six that prepare the same empty database at the same moment all succeed."""
    at_once(6, database_url, prepare_tables)
    database = Database(make_url(database_url))
    with database.reading() as connection:
        names = set(inspect(connection).get_table_names())
        assert connection.exec_driver_sql("SELECT version_num FROM batch_version").scalars().all() == [REVISION]
    database.close()
    assert {"items", "batch_failures", "batch_leases", "batch_marks"} <= names


def test_the_sample_is_loaded_once_by_many_at_once(table: Table) -> None:
    """Six that load the sample at the same moment load it once."""
    loaded = at_once(6, table.url, load_sample)
    assert sorted(loaded) == [0] * 5 + [SAMPLE_ROWS]
    assert table.unpredicted() == SAMPLE_ROWS


def test_the_sample_is_not_added_to_rows_that_are_there(table: Table) -> None:
    """A table that has rows gets no sample, now or later."""
    table.fill(2)
    assert load_sample(table.database) == 0
    table.execute("DELETE FROM items")
    assert load_sample(table.database) == 0


def test_the_sample_is_the_same_everywhere() -> None:
    """The rows are flowers, the first ones are known, and all are plausible lengths."""
    rows = sample_values()
    assert rows[:3] == FIRST
    assert all(0 < length < 10 for row in rows for length in row)
    assert len(rows) == SAMPLE_ROWS


FIRST = [[4.9, 3.4, 1.3, 0.2], [6.1, 3.0, 4.4, 1.3], [8.2, 3.0, 7.2, 2.1]]


def test_the_newest_migration_is_the_one_that_is_expected() -> None:
    """The revision that programs look for is the head of the migrations."""
    config = Config()
    config.set_main_option("script_location", "gonogo_services.batch:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("id INTEGER PRIMARY KEY, name TEXT", "values is missing; prediction is missing"),
        (
            (
                "name VARCHAR(9) PRIMARY KEY, id INTEGER, {v} JSON, prediction JSON, created_datetime TIMESTAMP NULL, "
                "updated_datetime TIMESTAMP NULL"
            ),
            "its primary key is name, not id",
        ),
        (
            (
                "id INTEGER PRIMARY KEY, {v} JSON, prediction INTEGER, created_datetime TIMESTAMP NULL, "
                "updated_datetime TIMESTAMP NULL"
            ),
            "prediction is INTEGER, not JSON",
        ),
        (
            (
                "id INTEGER PRIMARY KEY, {v} JSON, prediction JSON, created_datetime TIMESTAMP NULL, "
                "updated_datetime TIMESTAMP NULL, owner INTEGER NOT NULL"
            ),
            "owner must be given by whoever adds a row",
        ),
    ],
)
def test_a_foreign_table_is_refused_untouched(database_url: str, columns: str, said: str) -> None:
    """A table items of another shape is described, and nothing is added to that database."""
    database = Database(make_url(database_url))
    quoted = "`values`" if database.dialect.name == "mysql" else '"values"'
    with database.writing() as connection:
        connection.exec_driver_sql(f"CREATE TABLE items ({columns.format(v=quoted)})")
    with pytest.raises(TableError, match=said):
        prepare_tables(database)
    with database.reading() as connection:
        assert inspect(connection).get_table_names() == ["items"]
    database.close()


def test_a_table_of_the_right_shape_is_kept(database_url: str, job: Job) -> None:
    """A table items that others made, with rows and a column more, is taken over as it is."""
    database = Database(make_url(database_url))
    quoted = "`values`" if database.dialect.name == "mysql" else '"values"'
    with database.writing() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE items (id INTEGER PRIMARY KEY, {quoted} JSON, prediction JSON, created_datetime "
            "TIMESTAMP NULL, updated_datetime TIMESTAMP NULL, note VARCHAR(9) DEFAULT 'none')"
        )
        connection.exec_driver_sql(f"INSERT INTO items (id, {quoted}) VALUES (7, '[1,2,3,4]'), (9, NULL)")  # noqa: S608 - constants
    ended = job(database_url, "--attempts", "1")
    assert (ended.summary["predicted"], ended.summary["given_up"]) == (1, 1)
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT note FROM items").scalars().all() == ["none", "none"]
    database.close()


def test_the_database_is_named_by_url_or_by_mysql_variables() -> None:
    """One URL wins over MYSQL_*; without either there is a SQLite file."""
    mysql = {
        "MYSQL_SERVER": "db",
        "MYSQL_PORT": "3307",
        "MYSQL_USER": "u",
        "MYSQL_PASSWORD": "p@:/",
        "MYSQL_DATABASE": "b",
    }
    found = address_from(Environment(mysql))
    assert (found.host, found.port, found.username, found.password, found.database) == ("db", 3307, "u", "p@:/", "b")
    assert address_from(Environment({**mysql, "DATABASE_URL": "postgres://h/d"})).drivername == "postgresql+psycopg"
    assert address_from(Environment({})).get_backend_name() == "sqlite"


@pytest.mark.parametrize("url", ["oracle://h/d", "mysql://h", "sqlite://", "what", "mysql://h:port/d"])
def test_an_address_that_cannot_be_used_is_refused_without_being_repeated(url: str) -> None:
    """Unknown kinds, missing names and malformed URLs are settings errors."""
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        address_from(Environment({"DATABASE_URL": url}))

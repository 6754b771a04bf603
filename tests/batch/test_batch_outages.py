"""The database gone at the start, in a chunk and at the commit, or full: said clearly, and nothing half-written."""

from __future__ import annotations

import socket
from collections import Counter

import pytest
from sqlalchemy import Engine, event

from fixtures.batch_tables import Job, Table, Wire
from fixtures.databases import DatabaseServer
from gonogo_services.batch.__main__ import _prepare
from gonogo_services.batch.address import address_from
from gonogo_services.batch.database import Database
from gonogo_services.batch.dialects.sqlite import SQLite
from gonogo_services.batch.errors import DatabaseError
from gonogo_services.environment import Environment

STORE = {"mysql": b"INSERT INTO items", "postgresql": b"UPDATE items SET prediction"}


@pytest.fixture
def nowhere() -> str:
    """host:port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize("kind", ["mysql", "postgresql"])
def test_a_database_that_is_away_at_the_start_is_said(job: Job, nowhere: str, kind: str) -> None:
    """The job tries again, then ends with the database's address, without its password."""
    with pytest.raises(DatabaseError, match=rf"{nowhere}/batch cannot be used now") as refused:
        job(f"{kind}://user:secret@{nowhere}/batch", "--tries", "2")
    assert "secret" not in str(refused.value)


def test_the_service_waits_for_its_database_only_so_long(nowhere: str) -> None:
    """The service gives up with a message when its database stays away."""
    values = {
        "MYSQL_SERVER": nowhere.split(":", maxsplit=1)[0],
        "MYSQL_PORT": nowhere.split(":")[1],
        "MYSQL_DATABASE": "batch",
    }
    database = Database(address_from(Environment(values)))
    with pytest.raises(DatabaseError, match="cannot be used now"):
        _prepare(database, 0, sample=True)


def test_a_folder_that_is_missing_is_said(job: Job) -> None:
    """A SQLite file that cannot be made is named."""
    with pytest.raises(DatabaseError, match=r"/nowhere/batch\.db refuses: unable to open database file"):
        job("sqlite:////nowhere/batch.db")


def test_a_connection_lost_in_a_chunk_costs_that_chunk_only(wired: tuple[Table, Wire, str], job: Job) -> None:
    """Cut before the server gets the write: the chunk is done again, and every row is written once."""
    table, wire, url = wired
    table.fill(60)
    table.audited()
    wire.cut_after(STORE[table.database.dialect.name], deliver=False)
    ended = job(url, "--chunk", "20", "--lanes", "1")
    assert wire.cuts == 1
    assert "trying again" in ended.lines
    assert Counter(row for row, _ in table.audit()) == Counter(range(1, 61))


@pytest.mark.parametrize("server", ["knows", "does not know"])
def test_a_connection_lost_at_the_commit_loses_and_repeats_nothing(
    wired: tuple[Table, Wire, str], job: Job, server: str
) -> None:
    """Whether the server got the commit or not, every row ends up written once."""
    table, wire, url = wired
    table.fill(60)
    table.audited()
    wire.cut_after(STORE[table.database.dialect.name], b"COMMIT", deliver=server == "knows")
    ended = job(url, "--chunk", "20", "--lanes", "1")
    assert wire.cuts == 1
    assert ended.status == 0
    assert Counter(row for row, _ in table.audit()) == Counter(range(1, 61))


def test_a_database_that_stays_away_ends_the_job_with_whole_chunks(wired: tuple[Table, Wire, str], job: Job) -> None:
    """The job gives up with a message; what it had written is whole chunks."""
    table, wire, url = wired
    table.fill(60)
    mark = STORE[table.database.dialect.name]
    wire.cut_after(mark, mark, b"COMMIT", deliver=False, stay=True)
    with pytest.raises(DatabaseError, match="cannot be used now"):
        job(url, "--chunk", "20", "--lanes", "1", "--tries", "2")
    assert table.unpredicted() == 40


def test_retry_all_survives_a_lost_connection(wired: tuple[Table, Wire, str], job: Job) -> None:
    """The policy's attempts cover the database too: the whole is done again from its start."""
    table, wire, url = wired
    table.fill(30)
    table.audited()
    mark = STORE[table.database.dialect.name]
    wire.cut_after(mark, mark, deliver=False)
    ended = job(url, "--policy", "retry-all", "--chunk", "10", "--backoff-s", "0")
    assert wire.cuts == 1
    assert ended.summary["predicted"] == 30
    assert Counter(row for row, _ in table.audit()) == Counter(range(1, 31))


def test_a_full_disk_is_said_and_leaves_whole_chunks(
    sqlite_table: Table, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No room for a chunk: the message says so, that chunk is not written at all, the ones before it are."""
    sqlite_table.fill(4000)
    with sqlite_table.database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    prepare = SQLite.prepare

    def small(self: SQLite, engine: Engine, lease_s: float) -> None:
        prepare(self, engine, lease_s)
        event.listen(engine, "connect", lambda found, _: found.execute(f"PRAGMA max_page_count = {pages + 12}"))

    monkeypatch.setattr(SQLite, "prepare", small)
    with pytest.raises(DatabaseError, match="has no room left: database or disk is full"):
        job(sqlite_table.url, "--chunk", "500", "--lanes", "1")
    assert 0 < sqlite_table.unpredicted() < 4000
    assert sqlite_table.unpredicted() % 500 == 0


def test_a_server_that_refuses_the_user_is_said_at_once(mariadb_server: DatabaseServer, job: Job) -> None:
    """A wrong password is not tried again."""
    with pytest.raises(DatabaseError, match=r"refuses: .*Access denied"):
        job(mariadb_server.url("mysql").replace("root@", "nobody:x@"))

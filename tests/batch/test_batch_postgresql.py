"""The PostgreSQL program: what its variables make, what it keeps, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from fixtures.databases import DatabaseServer
from gonogo_services.batch.postgresql import Accounts
from gonogo_services.errors import SettingsError

PATIENCE_S = 90.0
MANIFEST = Path(__file__).with_name("postgres.yaml")


def test_the_variables_of_the_image_say_the_accounts() -> None:
    """The database is called as its user unless it is told otherwise."""
    said = {"POSTGRES_PASSWORD": "p", "POSTGRES_USER": "batch"}
    assert Accounts.read(said) == Accounts("p", "batch", "batch")
    assert Accounts.read({**said, "POSTGRES_DB": "rows"}) == Accounts("p", "batch", "rows")
    assert Accounts.read({"POSTGRES_HOST_AUTH_METHOD": "trust"}) == Accounts("", method="trust")


def test_a_password_may_be_in_a_file(tmp_path: Path) -> None:
    """As a Secret that is mounted; the line's end does not count."""
    (tmp_path / "password").write_text("p\n")
    assert Accounts.read({"POSTGRES_PASSWORD_FILE": str(tmp_path / "password")}).password == "p"  # noqa: S105 - of the test


def test_quotation_marks_stay_in_passwords_and_names() -> None:
    """A password and a name are data, and no part of a statement."""
    lines = Accounts("x'; DROP DATABASE rows; --\\", 'a"b', "rows").statements().splitlines()
    assert lines == [
        """ALTER USER "a""b" PASSWORD 'x''; DROP DATABASE rows; --\\';""",
        """CREATE DATABASE "rows" OWNER "a""b";""",
    ]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"POSTGRES_PASSWORD": "p\nDROP"},
        {"POSTGRES_PASSWORD": "p", "POSTGRES_PASSWORD_FILE": "/run/p"},
        {"POSTGRES_PASSWORD_FILE": "/nowhere/p"},
        {"POSTGRES_PASSWORD": "p", "POSTGRES_USER": "pg_batch"},
        {"POSTGRES_PASSWORD": "p", "POSTGRES_HOST_AUTH_METHOD": "trsut"},
        {"POSTGRES_PASSWORD": "p", "POSTGRES_INITDB_ARGS": "--wal-segsize='"},
    ],
)
def test_what_cannot_be_made_is_refused(given: dict[str, str]) -> None:
    """No password, two, a file that is not there, a reserved name, an unknown method, an open quotation mark."""
    with pytest.raises(SettingsError):
        Accounts.read(given)


@contextmanager
def server(data: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[bytes], URL]]:
    """Give the program once its server takes connections, and the URL of its database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {"POSTGRES_PASSWORD": "it's", "POSTGRES_USER": "batch", "POSTGRES_DB": "predictions", **variables}
    url = URL.create("postgresql+psycopg", "batch", "it's", "127.0.0.1", port, "predictions")
    command = [sys.executable, "-m", "gonogo_services.batch.postgresql", "--port", str(port), "--data", str(data)]
    with subprocess.Popen(command, env={**os.environ, **given}) as program:
        try:
            wait_for(url, program)
            yield program, url
        finally:
            program.kill()


def ask(url: URL, *statements: str) -> object:
    """Run statements, and return the first value of the last one."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            *before, last = statements
            for statement in before:
                connection.exec_driver_sql(statement)
            return connection.exec_driver_sql(last).scalar_one()
    finally:
        engine.dispose()


def wait_for(url: URL, program: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            ask(url, "SELECT 1")
        except OperationalError:
            assert program.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


def test_a_server_keeps_its_rows_and_ends_when_it_is_asked(postgresql_server: DatabaseServer, tmp_path: Path) -> None:
    """SIGTERM ends it although a client is connected; the next start finds what was there."""
    assert postgresql_server.port  # skips where no server is installed
    with server(tmp_path) as (program, url):
        ask(url, "CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (7) RETURNING id")
        client = psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
        program.send_signal(signal.SIGTERM)
        assert program.wait(PATIENCE_S) == 0
        client.close()
    with server(tmp_path) as (_, url):
        assert ask(url, "SELECT id FROM kept") == 7
        with pytest.raises(OperationalError, match="password authentication failed"):
            ask(url.set(password="its"), "SELECT 1")  # noqa: S106 - of the test


def test_nothing_of_a_server_outlives_its_keeper(postgresql_server: DatabaseServer, tmp_path: Path) -> None:
    """Killed with SIGKILL, the program takes every process of the server with it; the next start recovers."""
    assert postgresql_server.port  # skips where no server is installed
    with server(tmp_path) as (program, url):
        ask(url, "CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (7) RETURNING id")
        processes = psutil.Process(program.pid).children(recursive=True)
        assert len(processes) > 1
        program.kill()
        _, left = psutil.wait_procs(processes, timeout=PATIENCE_S)
        assert left == []
    with server(tmp_path) as (_, url):
        assert ask(url, "SELECT id FROM kept") == 7


def test_a_start_that_was_cut_short_begins_anew(postgresql_server: DatabaseServer, tmp_path: Path) -> None:
    """What a killed start has left of the folder is made again."""
    assert postgresql_server.port  # skips where no server is installed
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / "PG_VERSION").write_text("half")
    (tmp_path / "cluster.making").touch()
    with server(tmp_path) as (_, url):
        assert ask(url, "SELECT current_database()") == "predictions"


def test_manifests_with_the_image_postgres_run(postgresql_server: DatabaseServer, model: Path) -> None:
    """Server, service and Job of a manifest on the process platform: the sample is predicted."""
    assert postgresql_server.port  # skips where no server is installed
    ran = subprocess.run(
        [
            Path(sys.executable).with_name("gonogo"),
            "run-job",
            "nightly",
            str(MANIFEST),
            "--env",
            f"MODEL_FILEPATH={model}",
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 2,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert '"predicted": 1000' in ran.stdout

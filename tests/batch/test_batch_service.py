"""The batch service: pages, exact counts, and rows taken or refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy.engine import make_url

from fixtures.batch_tables import Job, Table, Wire
from fixtures.databases import DatabaseServer
from gonogo_services.batch.app import create_app
from gonogo_services.batch.database import Database
from gonogo_services.batch.sample_rows import SAMPLE_ROWS
from gonogo_services.iris.rows import MAX_ROWS

ROW = [5.1, 3.5, 1.4, 0.2]


@pytest.fixture
async def client(table: Table) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service on an empty table."""
    transport = httpx.ASGITransport(app=create_app(table.database))
    async with httpx.AsyncClient(transport=transport, base_url="http://batch") as found:
        yield found


@pytest.fixture
async def sqlite_client(sqlite_table: Table) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service on an empty table in a SQLite file."""
    transport = httpx.ASGITransport(app=create_app(sqlite_table.database))
    async with httpx.AsyncClient(transport=transport, base_url="http://batch") as found:
        yield found


async def test_pages_follow_each_other_without_gap_or_overlap(client: httpx.AsyncClient, table: Table) -> None:
    """Following next from page to page gives every row of the list once, in the order of ids."""
    table.fill(25)
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = (await client.get("/data/all", params={"after": after, "limit": 10})).json()
        assert page["count"] == 25
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
    assert seen == list(range(1, 26))


async def test_lists_tell_predicted_unpredicted_and_parked_rows_apart(
    client: httpx.AsyncClient, table: Table, job: Job
) -> None:
    """Each list has its rows and counts them exactly; parked rows have their reason."""
    table.add([ROW, ROW, [1, 2, 3]])
    table.fill(2)
    job(table.url, "--last-id", "3", "--attempts", "1")
    lists = {name: (await client.get(f"/data/{name}")).json() for name in ("predicted", "unpredicted", "parked")}
    assert {name: [item["id"] for item in page["items"]] for name, page in lists.items()} == {
        "predicted": [1, 2],
        "unpredicted": [3, 4, 5],
        "parked": [3],
    }
    assert "values has 3 parts" in lists["parked"]["items"][0]["reason"]
    assert sum(lists["predicted"]["items"][0]["prediction"]) == pytest.approx(1, abs=1e-3)
    counted = (await client.get("/data/count")).json()
    assert counted == {"all": 5, "predicted": 2, "unpredicted": 3, "parked": 1}


async def test_rows_that_are_posted_are_there(client: httpx.AsyncClient) -> None:
    """POST adds all rows of a body, without a prediction, with the numbers that were sent."""
    answer = await client.post("/data", json={"data": [ROW, [1, 2, 3, 4.25]]})
    assert (answer.status_code, answer.json()) == (201, {"count": 2})
    listed = (await client.get("/data/unpredicted")).json()["items"]
    assert [item["values"] for item in listed] == [ROW, [1, 2, 3, 4.25]]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, "body"),
        (b'{"data": []}', 422, "data"),
        (b'{"data": [[1,2,3]]}', 422, "data[0]"),
        (b'{"data": [[1,2,3,"4"]]}', 422, "data[0][3]"),
        (b'{"data": [[1,2,3,NaN]]}', 422, "data[0][3]"),
        (b'{"data": [' + b"[1,2,3,4]," * MAX_ROWS + b"[1,2,3,4]]}", 422, "data"),
        (b" " * (1 << 20) + b"{}", 413, "body"),
    ],
)
async def test_rows_that_could_not_be_predicted_are_refused(
    sqlite_client: httpx.AsyncClient, body: bytes, status: int, field: str
) -> None:
    """Wrong, too many and too large: a client error that names the part, and no row is added."""
    answer = await sqlite_client.post("/data", content=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert (await sqlite_client.get("/data/count")).json()["all"] == 0


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=-1", "after=99999999999999999999"])
async def test_pages_are_bounded(sqlite_client: httpx.AsyncClient, query: str) -> None:
    """A page outside of the bounds is refused with the parameter's name."""
    answer = await sqlite_client.get(f"/data/all?{query}")
    assert (answer.status_code, answer.json()["field"]) == (422, query.split("=", maxsplit=1)[0])


async def test_what_cannot_be_read_is_shown_all_the_same(sqlite_client: httpx.AsyncClient, sqlite_table: Table) -> None:
    """A broken text is shown as it is and a huge one is not shown, so that one row never breaks a list."""
    sqlite_table.execute(
        """INSERT INTO items ("values") VALUES ('{"a'), ('[NaN,1,2,3]'), ('[' || hex(zeroblob(9000)) || ']')"""
    )
    answer = await sqlite_client.get("/data/all")
    shown = [item["values"] for item in answer.json()["items"]]
    assert shown[0] == '{"a'
    assert shown[2] == "18002 characters, too long to be shown"


async def test_a_database_that_is_gone_is_answered_with_503(wired: tuple[Table, Wire, str]) -> None:
    """Lists answer 503 when the database is gone, and health still answers."""
    _, wire, url = wired
    database = Database(make_url(url))
    wire.close()
    transport = httpx.ASGITransport(app=create_app(database), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://batch") as client:
        assert (await client.get("/data/all")).status_code == 503
        assert (await client.get("/health")).json() == {"health": "ok"}
    database.close()


def test_replicas_and_workers_load_the_sample_once(mariadb_server: DatabaseServer) -> None:
    """Three replicas of two workers that start at the same moment on an empty database: 1,000 rows in all."""
    with mariadb_server.database() as name, ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(lambda _: _served_count(mariadb_server.url(name)), range(3)))
    assert counts == [SAMPLE_ROWS] * 3


def _served_count(url: str) -> int:
    environment = {**os.environ, "DATABASE_URL": url, "PORT": "0", "WORKERS": "2"}
    with subprocess.Popen(
        [sys.executable, "-m", "gonogo_services.batch"], env=environment, stderr=subprocess.PIPE, text=True
    ) as service:
        assert service.stderr is not None
        try:
            for line in service.stderr:
                if ready := re.search(r"ready at (\S+)", line):
                    return int(httpx.get(f"{ready[1]}/data/all?limit=1").json()["count"])
            raise AssertionError("the service ended before it was ready")
        finally:
            service.terminate()
            service.stderr.read()

"""Ten million rows: in bounded memory, all of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.batch_tables import Table
from gonogo_services.batch.chunk import next_query
from gonogo_services.batch.due import Due

ROWS = 10_000_000
MOST_BYTES = 300 * 2**20

# Ten bits of a row's number become each length, so that rows differ without a program that makes them.
_FILL = """
INSERT INTO items ("values")
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})
SELECT '[' || (4.3 + n % 37 * 0.1) || ',' || (2.0 + n % 23 * 0.1) || ',' || (1.0 + n % 59 * 0.1) || ','
    || (0.1 + n % 24 * 0.1) || ']' FROM numbers
"""


@pytest.mark.soak
def test_ten_million_rows_fit_in_300_mebibytes(sqlite_table: Table, model: Path) -> None:
    """The job's largest resident memory stays below 300 MiB however many rows there are; shown with ``-s``."""
    sqlite_table.execute(_FILL.format(rows=ROWS))
    with subprocess.Popen(
        [sys.executable, "-m", "gonogo_services.batch.job"],
        env={**os.environ, "DATABASE_URL": sqlite_table.url, "MODEL_FILEPATH": str(model)},
        stdout=subprocess.PIPE,
        text=True,
    ) as job:
        assert job.stdout is not None
        summary = json.loads(job.stdout.read())
        _, status, usage = os.wait4(job.pid, 0)
        job.returncode = os.waitstatus_to_exitcode(status)
    largest = usage.ru_maxrss * 1024
    sys.stdout.write(
        f"{ROWS:,} rows in {summary['seconds']:,.0f} s ({usage.ru_utime + usage.ru_stime:,.0f} s of CPU), "
        f"at most {largest / 2**20:.0f} MiB\n"
    )
    assert job.returncode == 0
    assert summary["predicted"] == ROWS
    assert sqlite_table.unpredicted() == 0
    assert largest <= MOST_BYTES


def test_no_chunk_scans_the_table(sqlite_table: Table) -> None:
    """The next chunk is found by the index of rows without a prediction, and read by their ids, however large it is."""
    sqlite_table.fill(50)
    query = next_query(sqlite_table.database.dialect, Due(all_failed=True), ranges=1)
    with sqlite_table.database.reading() as connection:
        statement = query.compile(connection)
        values = dict.fromkeys(statement.params, 0)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values.values())).all()
    told = [step[3] for step in plan]
    assert any("SEARCH items USING INDEX items_unpredicted" in step for step in told), told
    assert not any("SCAN items" in step for step in told), told

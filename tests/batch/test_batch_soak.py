"""Ten million rows: in bounded memory, all of them."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.batch_tables import Table

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
    """The job's largest resident memory stays below 300 MiB however many rows there are."""
    sqlite_table.execute(_FILL.format(rows=ROWS))
    ran = subprocess.run(
        [sys.executable, "-m", "gonogo_services.batch.job"],
        env={**os.environ, "DATABASE_URL": sqlite_table.url, "MODEL_FILEPATH": str(model)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ran.stdout)["predicted"] == ROWS
    assert sqlite_table.unpredicted() == 0
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert largest <= MOST_BYTES, ran.stderr

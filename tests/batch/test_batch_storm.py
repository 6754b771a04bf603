"""Jobs killed with SIGKILL at random points: no row lost, none with two answers, none stuck."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fixtures.batch_tables import Table

STORM = Path(__file__).with_name("kill_storm.py")


def storm(table: Table, model: Path, *, rows: int, kills: int) -> None:
    """Kill jobs on a table of ``rows`` rows, and check what is left behind."""
    for start in range(0, rows, 5000):
        table.fill(min(5000, rows - start))
    table.audited()
    ran = subprocess.run(
        [sys.executable, STORM, table.url, str(kills), "8"],
        env={**os.environ, "MODEL_FILEPATH": str(model)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    at_work, last = int(ran.stdout.splitlines()[0]), json.loads(ran.stdout.splitlines()[1])
    assert at_work > kills // 2, "most jobs had ended before they could be killed"
    assert 0 < last["predicted"] < rows, "the killed jobs wrote nothing, or left nothing"
    assert Counter(row for row, _ in table.audit()) == Counter(range(1, rows + 1))
    assert table.unpredicted() == 0


def test_kills_at_random_points_lose_and_repeat_nothing(table: Table, model: Path) -> None:
    """After 50 kills (20 on a server) one more job does the rest, and every row was written exactly once."""
    storm(table, model, rows=20_000, kills=50 if table.database.dialect.name == "sqlite" else 20)


@pytest.mark.soak
def test_a_thousand_kills_lose_and_repeat_nothing(table: Table, model: Path) -> None:
    """The same with 1,000 kills."""
    storm(table, model, rows=1_000_000, kills=1000)

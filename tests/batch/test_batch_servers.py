"""The database servers of tests: gone, with their folders, when the tests are, however these end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]

OWNER = """
import sys
from fixtures.databases import running_mariadb, running_postgresql
with {"mariadb": running_mariadb, "postgresql": running_postgresql}[sys.argv[1]]() as server:
    print(server.keeper.pid, server.keeper.args[5], flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
@pytest.mark.parametrize("way", ["end", "kill"])
def test_nothing_of_a_server_outlives_its_owner(request: pytest.FixtureRequest, kind: str, way: str) -> None:
    """When the owner ends, or is killed with SIGKILL, the server's processes and its folder are gone."""
    request.getfixturevalue(f"{kind}_server")  # skips when the server is not installed
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, kind],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        keeper, folder = owner.stdout.readline().split()
        processes = [psutil.Process(int(keeper)), *psutil.Process(int(keeper)).children(recursive=True)]
        assert len(processes) >= 2
        if way == "kill":
            owner.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(processes, timeout=60)
    assert alive == []
    deadline = time.monotonic() + 60
    while Path(folder).exists() and time.monotonic() < deadline:
        os.sched_yield()
    assert not Path(folder).exists()

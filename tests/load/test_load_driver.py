"""The driver's promises: what was measured is kept, and no process stays behind, however a load ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from gonogo.errors import UsageError
from gonogo.load.driver import RunningLoad, start
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.runs.run import ERRORS
from tests.load.harness import Server

_SCRIPT = """
import json, sys, pathlib
from gonogo.load.driver import start
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
running = start(LoadPlan("x", (Target("GET", sys.argv[1]),), 100, 60), pathlib.Path(sys.argv[2]))
try:
    with running:
        while running.progress().done < 5:
            pass
        print(running.pid, flush=True)
        running.wait()
except KeyboardInterrupt:
    pass  # it came outside of wait()
run = running.wait()
print(json.dumps([len(run.columns), int(run.columns.success.sum()), run.facts.cut_short, running.interrupted]))
"""


def _begin(url: str, folder: Path, *, duration_s: float = 60) -> RunningLoad:
    return start(LoadPlan("test", (Target("GET", url),), 200, duration_s), folder)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        os.sched_yield()


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_stop_ends_the_run_early_and_says_why(server: Server, tmp_path: Path) -> None:
    """A stopped run has the rows that were due by then, all answered, and its facts give the reason."""
    with _begin(f"{server.url}/ok", tmp_path) as running:
        _until(lambda: running.progress().done >= 20)
        running.stop("seen enough")
        run = running.wait()
    assert run.facts.cut_short == "seen enough"
    assert 20 <= len(run.columns) < 12_000
    assert run.columns.success.all()


def test_what_was_due_when_a_late_engine_is_stopped_is_sent(server: Server, tmp_path: Path) -> None:
    """An engine that the machine held up sends what became due meanwhile before it ends: nothing is unsent."""
    with _begin(f"{server.url}/ok", tmp_path) as running:
        _until(lambda: running.progress().done >= 20)
        os.kill(running.pid, signal.SIGSTOP)
        held_s = running.progress().elapsed_s
        running.stop("seen enough")
        _until(lambda: running.progress().elapsed_s > held_s + 0.1)
        os.kill(running.pid, signal.SIGCONT)
        run = running.wait()
    assert run.columns.success.all()


def test_leaving_the_context_stops_the_load(server: Server, tmp_path: Path) -> None:
    """Outside of the with block nothing runs any more, and the run is still there."""
    with _begin(f"{server.url}/ok", tmp_path) as running:
        _until(lambda: running.progress().done >= 5)
    assert _gone(running.pid)
    assert len(running.wait().columns) >= 5


def test_what_does_not_answer_when_the_grace_is_over_is_cut(server: Server, tmp_path: Path) -> None:
    """Requests on their way when a stopped run ends are known to neither side."""
    with _begin(f"{server.url}/never", tmp_path) as running:
        _until(lambda: running.progress().sent >= 5)
        running.stop(grace_s=0.05)
        columns = running.wait().columns
    assert set(columns.error) == {ERRORS.index("cut")}
    assert np.isnan(columns.done_s).all()


def test_a_snapshot_shows_what_is_known_so_far(server: Server, tmp_path: Path) -> None:
    """While the load goes on, answered requests are there with their times and statuses."""
    with _begin(f"{server.url}/ok", tmp_path) as running:
        _until(lambda: running.progress().done >= 10)
        columns = running.snapshot()
    assert np.count_nonzero(columns.success & (columns.status == 200) & (columns.latency_s > 0)) >= 10


def test_a_killed_engine_loses_no_row(server: Server, tmp_path: Path) -> None:
    """After kill -9 of the engine its rows are kept, and the run is invalid and names the engine."""
    with _begin(f"{server.url}/ok", tmp_path) as running:
        _until(lambda: running.progress().done >= 20)
        os.kill(running.pid, signal.SIGKILL)
        run = running.wait()
    assert run.columns.success.sum() >= 20
    assert not run.facts.valid
    assert "load engine was killed by signal 9" in run.facts.invalid_reason


def test_an_engine_that_cannot_start_says_so(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that fails before the first request gives an empty run, invalid, with its last words."""
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with _begin(f"{server.url}/ok", tmp_path) as running:
        run = running.wait()
    assert len(run.columns) == 0
    assert "ended with status 1" in run.facts.invalid_reason


def test_a_server_that_dies_during_the_run(serve: Callable[..., Server], tmp_path: Path) -> None:
    """What was answered before is a success, what came after is refused, and the run goes to its end."""
    server = serve()
    with _begin(f"{server.url}/ok", tmp_path, duration_s=1.5) as running:
        _until(lambda: running.progress().done >= 40)
        server.process.kill()
        run = running.wait()
    assert (len(run.columns), run.facts.cut_short) == (300, "")
    assert run.columns.error[-1] == ERRORS.index("refused")
    assert run.columns.success[:40].all()


def test_ctrl_c_keeps_what_was_measured(server: Server, tmp_path: Path) -> None:
    """SIGINT to the whole process group ends the run cut short, with its rows."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, f"{server.url}/ok", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    engine = int(process.stdout.readline())
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    rows, successes, cut_short, interrupted = json.loads(output)
    assert rows == successes >= 5
    assert (cut_short, interrupted) == ("interrupted (Ctrl-C)", True)
    assert _gone(engine)


def test_the_engine_dies_with_its_parent(server: Server, tmp_path: Path) -> None:
    """After kill -9 of the process that started it, no engine remains."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, f"{server.url}/ok", str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    engine = int(process.stdout.readline())
    process.kill()
    process.communicate()
    _until(lambda: _gone(engine))


def test_cpus_that_the_machine_lacks_are_refused(tmp_path: Path) -> None:
    """A plan for CPU 4096 is a usage error, before anything runs."""
    plan = LoadPlan("test", (Target("GET", "http://127.0.0.1:1/"),), 1, 1, cores=(4096,))
    with pytest.raises(UsageError, match="4096"):
        start(plan, tmp_path)


@pytest.mark.parametrize("rate", [1e9, 1e300])
def test_a_plan_beyond_all_bounds_is_refused(rate: float) -> None:
    """More requests than any machine can record are a usage error that names the bound."""
    with pytest.raises(UsageError, match="50,000,000"):
        LoadPlan("test", (Target("GET", "http://127.0.0.1:1/"),), rate, 60)

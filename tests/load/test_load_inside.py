"""Load from within: a worker's rows come over two streams as if its engine had run here."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Unpack

import numpy as np
import psutil
import pytest

from gonogo.errors import EnvironmentFault
from gonogo.load.inside import fleet, identity
from gonogo.load.inside.fleet import Started
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.runs.run import Run
from tests.load.harness import PlanSettings, Server
from tests.load.inside_line import ProcessLine

Begin = Callable[..., Started]


@pytest.fixture
def lines() -> Iterator[list[ProcessLine]]:
    """The lines of the test's workers; all of them are closed at its end."""
    opened: list[ProcessLine] = []
    yield opened
    for line in opened:
        line.close()
        line.forget()


@pytest.fixture
def begin(lines: list[ProcessLine], tmp_path: Path) -> Begin:
    """Return what starts a load in worker processes."""

    def begin_it(*targets: Target | str, **settings: Unpack[PlanSettings]) -> Started:
        made = tuple(target if isinstance(target, Target) else Target("GET", target) for target in targets)
        given: PlanSettings = {"rate": 200, "duration_s": 0.5, "timeout_s": 5.0, "connections": 64, **settings}

        def open_line(number: int) -> ProcessLine:
            lines.append(ProcessLine(f"process {number}"))
            return lines[-1]

        return fleet.start(LoadPlan("test", made, **given), tmp_path, open_line)

    return begin_it


def _whole(started: Started) -> Run:
    with started.running as running:
        return running.wait()


@contextmanager
def _interrupted() -> Iterator[None]:
    """Interrupt the main thread soon, as Ctrl-C does."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, signal.pthread_kill, [threading.main_thread().ident, signal.SIGINT])
    timer.start()
    try:
        yield
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        os.sched_yield()


def test_a_workers_rows_are_the_run(begin: Begin, server: Server) -> None:
    """Every due request has its row, with all that the engine knows of it."""
    run = _whole(begin(f"{server.url}/ok", warmup_s=0.1))
    assert run.columns.due_s == pytest.approx(np.arange(100) / 200)
    assert run.columns.success.all()
    assert set(run.columns.status) == {200}
    assert run.columns.bytes_in.min() > 0
    assert np.isfinite(run.columns.done_s).all()
    assert (run.facts.warmup_requests, run.facts.cut_short) == (20, "")


def test_the_facts_name_the_worker(begin: Begin, server: Server) -> None:
    """Where it ran, and what it used."""
    (worker,) = _whole(begin(f"{server.url}/ok")).facts.generator.workers
    assert worker.place == "process 0"
    assert worker.cpu_s > 0


def test_two_workers_share_one_schedule(begin: Begin, server: Server) -> None:
    """Their rows together are the schedule, and their starts are known to be close to each other."""
    started = begin(f"{server.url}/ok", engines=2)
    run = _whole(started)
    assert run.columns.due_s == pytest.approx(np.arange(100) / 200)
    assert {ordinal % 2 for ordinal in run.columns.connection} == {0, 1}
    assert started.places == ("process 0", "process 1")
    assert 0 < started.apart_s < 10


def test_data_sets_templates_and_extraction_come_along(begin: Begin, server: Server) -> None:
    """The plan is sent whole, and values of further columns come back."""
    target = Target.build(
        "POST", f"{server.url}/echo", json=["{row.x}"], data=[{"x": n} for n in range(3)], extract={"x": "$[0]"}
    )
    columns = _whole(begin(target, engines=2)).columns
    assert columns.extracted["x"].tolist() == [n % 3 for n in range(100)]


def test_a_large_data_set_comes_along(begin: Begin, server: Server) -> None:
    """A plan of several megabytes arrives."""
    rows = [{"x": str(n) * 100} for n in range(10_000)]
    target = Target.build("POST", f"{server.url}/echo", json=["{row.x}"], data=rows, extract={"x": "$[0]"})
    assert _whole(begin(target)).columns.extracted["x"][7] == "7" * 100


def test_expectations_are_checked_there(begin: Begin, server: Server) -> None:
    """A wrong 200 is a failure."""
    run = _whole(begin(Target.build("GET", f"{server.url}/ok", expect={"matches": "never"})))
    assert not run.columns.success.any()


def test_more_rows_than_a_block(begin: Begin, server: Server) -> None:
    """Rows arrive whole however many there are."""
    columns = _whole(begin(f"{server.url}/ok", rate=3000, connections=16)).columns
    assert columns.due_s == pytest.approx(np.arange(1500) / 3000)


def test_a_closed_loop(begin: Begin, server: Server) -> None:
    """Its due times are the worker's own."""
    columns = _whole(begin(f"{server.url}/slow?s=0.01", rate=None, connections=4, engines=2)).columns
    assert columns.success.all()
    assert np.all(np.diff(columns.due_s) >= 0)


def test_requests_on_their_way_at_the_end_have_their_rows(begin: Begin, server: Server) -> None:
    """A stop that does not wait leaves them cut, and sent."""
    with begin(f"{server.url}/slow?s=50", duration_s=60, timeout_s=60).running as running:
        _until(lambda: running.progress().sent >= 20)
        running.stop(grace_s=0.0)
        columns = running.wait().columns
    assert np.isfinite(columns.sent_s[:20]).all()
    assert not np.isfinite(columns.done_s).any()


def test_the_load_can_be_watched(begin: Begin, server: Server) -> None:
    """Progress and rows are there while it goes on."""
    with begin(f"{server.url}/ok", duration_s=60).running as running:
        _until(lambda: running.progress().done >= 20)
        assert running.progress().elapsed_s > 0
        assert running.snapshot().success.sum() >= 20
        running.stop("seen")
        assert running.wait().facts.cut_short == "seen"


def test_ctrl_c_keeps_what_was_measured(begin: Begin, server: Server) -> None:
    """The run comes back cut short, with its rows."""
    with begin(f"{server.url}/ok", duration_s=60).running as running:
        _until(lambda: running.progress().done >= 20)
        with _interrupted():
            run = running.wait()
    assert running.interrupted
    assert run.facts.cut_short == "interrupted (Ctrl-C)"
    assert run.columns.success.sum() >= 20


def test_a_lost_worker_is_named(begin: Begin, server: Server, lines: list[ProcessLine]) -> None:
    """The others end soon, what came is kept, and the run is INVALID."""
    with begin(f"{server.url}/ok", duration_s=60, engines=3).running as running:
        _until(lambda: running.progress().done >= 60)
        lines[1].process.kill()
        run = running.wait()
    assert run.columns.success.sum() >= 60
    assert not run.facts.valid
    assert run.facts.invalid_reason.startswith("the load engine 2 of 3 (process 1) was lost: its process ended")
    assert run.facts.cut_short == "a load engine died"


def test_a_worker_whose_engine_dies_says_so(begin: Begin, server: Server, lines: list[ProcessLine]) -> None:
    """As when its container has not enough memory: the rows that it had are not lost."""
    with begin(f"{server.url}/ok", duration_s=60).running as running:
        _until(lambda: running.progress().done >= 20)
        (engine,) = psutil.Process(lines[0].process.pid).children()
        engine.kill()
        run = running.wait()
    assert run.columns.success.sum() >= 20
    assert "was killed by signal 9" in run.facts.invalid_reason


def test_a_worker_ends_with_its_session(begin: Begin, server: Server, lines: list[ProcessLine]) -> None:
    """When its standard input ends, nobody is left to measure for."""
    with begin(f"{server.url}/ok", duration_s=60).running as running:
        _until(lambda: running.progress().done >= 20)
        (engine,) = psutil.Process(lines[0].process.pid).children()
        stdin = lines[0].process.stdin
        assert stdin is not None
        stdin.close()
        lines[0].process.wait(30)
        engine.wait(30)
        assert not running.wait().facts.valid


def test_rows_that_did_not_come_are_not_taken_for_a_run(
    begin: Begin, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What all rows add up to is compared at the end."""
    monkeypatch.setattr("gonogo.load.inside.mirror.Mirror.take_rows", lambda *_: None)
    run = _whole(begin(f"{server.url}/ok"))
    assert not run.facts.valid
    assert "was not heard in full: 0 of 100 rows came" in run.facts.invalid_reason


def test_another_engine_is_refused(
    begin: Begin, server: Server, lines: list[ProcessLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image of another version would measure by other rules; nothing is sent."""
    monkeypatch.setattr("gonogo.load.inside.engine.identity", lambda: {**identity.identity(), "engine": "other"})
    with pytest.raises(EnvironmentFault, match="holds another engine than this gonogo"):
        begin(f"{server.url}/ok")
    assert lines[0].process.wait(30) is not None


def test_a_program_that_is_no_worker(begin: Begin, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it wrote stands in the message."""
    monkeypatch.setattr("tests.load.inside_line.COMMAND", ("python3", "-c", "print('hello, this is something else')"))
    with pytest.raises(EnvironmentFault, match="something else"):
        begin(f"{server.url}/ok")


def test_a_program_that_ends_at_once(begin: Begin, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last words stand in the message."""
    monkeypatch.setattr("tests.load.inside_line.COMMAND", ("python3", "-c", "raise SystemExit('no such module')"))
    with pytest.raises(EnvironmentFault, match="no such module"):
        begin(f"{server.url}/ok")


def test_tls_by_the_certificates_of_this_machine(
    begin: Begin, serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SSL_CERT_FILE names here is what the worker trusts, though it has no such file."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    trusted = tmp_path / "moved.pem"
    trusted.write_bytes(certificate.read_bytes())
    secure = serve("127.0.0.1", str(certificate), str(key))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setattr(ProcessLine, "send", _forgetting(trusted))
    assert _whole(begin(f"https://localhost:{secure.port}/ok")).columns.success.all()


def _forgetting(path: Path) -> Callable[[ProcessLine, bytes], None]:
    """Send as a line does, but with the file at ``path`` gone as soon as something is sent."""
    send = ProcessLine.send

    def send_without(line: ProcessLine, data: bytes) -> None:
        path.unlink(missing_ok=True)
        send(line, data)

    return send_without

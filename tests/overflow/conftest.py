"""Stores and services for the tests of the overflow service."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.composition.programs import Program
from tests.contracts.waiting import eventually

UPSTREAM = Path(__file__).parent / "upstream.py"


class Upstream:
    """The service behind the queue, and what it was asked."""

    def __init__(self, folder: Path, cleanup: ExitStack) -> None:
        self._orders, self._log = folder / "orders.json", folder / "asked"
        self._log.touch()
        self.order()
        process = subprocess.Popen(
            [sys.executable, str(UPSTREAM), str(self._orders), str(self._log)], stdout=subprocess.PIPE, text=True
        )
        cleanup.callback(process.wait)
        cleanup.callback(process.kill)
        assert process.stdout is not None
        cleanup.callback(process.stdout.close)
        self.url = f"http://127.0.0.1:{process.stdout.readline().strip()}"

    def order(self, status: int = 200, wait_s: float = 0.0) -> None:
        """Have it answer so from now on."""
        new = self._orders.with_suffix(".new")
        new.write_text(json.dumps({"status": status, "wait_s": wait_s}))
        new.rename(self._orders)

    @property
    def asked(self) -> list[str]:
        """The bodies that it was sent, in order."""
        return self._log.read_text().splitlines()


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    """What has to be ended after the test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def upstream(tmp_path: Path, cleanup: ExitStack) -> Upstream:
    """The service behind the queue, in a process of its own."""
    return Upstream(tmp_path, cleanup)


@pytest.fixture
def overflow(tmp_path: Path, upstream: Upstream, cleanup: ExitStack) -> Callable[..., Program]:
    """Start the service before ``upstream``; further variables are its environment."""

    def start(**environment: str) -> Program:
        values = {"UPSTREAM": upstream.url, "QUEUE_URL": f"sqlite:///{tmp_path}/jobs.db", "TIMEOUT_S": "60"}
        program = Program("overflow", tmp_path / "overflow.log", values | environment)
        cleanup.callback(program.process.wait)
        cleanup.callback(program.process.kill)
        return program

    return start


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis on a free loopback port, without persistence: it outlives what the tests kill."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: _answers(port))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty store of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/jobs.db"
    url: str = request.getfixturevalue("redis_server")
    Redis.from_url(url).flushall()
    return url


def _answers(port: int) -> bool:
    try:
        return bool(Redis(port=port).ping())
    except RedisError:
        return False

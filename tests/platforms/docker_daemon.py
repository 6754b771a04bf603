"""A Docker daemon of a test's own, which it may end: own folders, own socket, own network."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import docker
import pytest

from tests.contracts.waiting import eventually
from tests.platforms.machine import alive

__all__ = ["OwnDaemon"]

_UP_S = 60.0


class OwnDaemon:
    """One daemon, through all its lives. What runs in it cannot be reached from this machine.

    Args:
        folder: where it keeps everything; its path is short, since sockets are in it.
        size: bytes of the disk for images and containers, which is memory.
    """

    def __init__(self, folder: Path, *, size: int) -> None:
        self.folder = folder
        self.address = f"unix://{folder}/docker.sock"
        self._size = size
        self._running: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Give it its disk and start it; skip the test where that cannot be."""
        if os.geteuid() != 0 or not all(map(shutil.which, ("dockerd", "setpriv", "unshare"))):
            pytest.skip("a Docker daemon of the test's own needs root, dockerd, setpriv and unshare")
        data = self.folder / "data"
        data.mkdir()
        words = ("/bin/mount", "-t", "tmpfs", "-o", f"size={self._size}", "tmpfs", str(data))
        mounted = subprocess.run(words, check=False, timeout=10)
        if mounted.returncode != 0:
            pytest.skip("nothing can be mounted here")
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._running = subprocess.Popen(
                [
                    # A second daemon would take this machine's bridge and iptables rules for its own, and remove them.
                    *("setpriv", "--pdeathsig", "TERM", "unshare", "--net", "dockerd", "--host", self.address),
                    *("--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec"),
                    *("--pidfile", f"{self.folder}/pid", "--bridge", "none", "--shutdown-timeout", "1"),
                ],
                stdout=log,
                stderr=log,
            )
        eventually(self._answers, _UP_S)

    def client(self) -> docker.DockerClient:
        """Return a client of it."""
        return docker.DockerClient(base_url=self.address, timeout=30)

    def kill(self) -> None:
        """End it as a crash does: nothing is stopped or removed by it."""
        assert self._running is not None
        file = self.folder / "exec" / "containerd" / "containerd.pid"
        below = int(file.read_text())
        self._running.kill()
        self._running.wait(_UP_S)
        # It is killed with its daemon; the next one would take the file for one that runs.
        eventually(lambda: not alive(below), _UP_S)
        file.unlink()

    def end(self) -> None:
        """Have it stop everything and end, and take its disk away."""
        if self._running is not None:
            if self._running.poll() is not None:
                self.start()  # what a killed one left is cleared up by the next
            self._running.send_signal(signal.SIGTERM)
            self._running.wait(_UP_S)
        subprocess.run(
            ["/bin/umount", "--lazy", str(self.folder / "data")], check=False, timeout=10, capture_output=True
        )

    def _answers(self) -> bool:
        assert self._running is not None
        if self._running.poll() is not None:
            pytest.skip(f"dockerd does not run here: {(self.folder / 'log').read_text()[-400:]}")
        try:
            # In the plainest way: a client leaves its socket open where there is nobody yet.
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
                knock.settimeout(_UP_S)
                knock.connect(self.address.removeprefix("unix://"))
                knock.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 OK" in knock.recv(64)
        except OSError:
            return False

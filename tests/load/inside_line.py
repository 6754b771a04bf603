"""A line to a load worker on this machine: its process, its pipes."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from typing import IO

from gonogo.errors import EnvironmentFault
from gonogo.load.inside.engine import COMMAND

__all__ = ["ProcessLine"]


class ProcessLine:
    """What a platform gives for a program in a container, for a process."""

    def __init__(self, place: str = "process 0") -> None:
        self.place = place
        # As a container's own file system, it goes when the program is killed.
        self._folder = tempfile.TemporaryDirectory(prefix="gonogo-inside-line-")
        self.process = subprocess.Popen(
            [sys.executable, *COMMAND[1:]],
            bufsize=0,
            env={**os.environ, "TMPDIR": self._folder.name},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def send(self, data: bytes) -> None:
        try:
            left = memoryview(data)
            while left:
                left = left[_open(self.process.stdin).write(left) :]
        except (OSError, ValueError) as error:
            raise EnvironmentFault("the worker has ended") from error

    def receive(self, timeout_s: float) -> bytes | None:
        stream = _open(self.process.stdout)
        if not select.select([stream], [], [], timeout_s)[0]:
            return b""
        return os.read(stream.fileno(), 65536) or None

    def close(self) -> None:
        self.process.kill()
        self.process.wait()

    def forget(self) -> None:
        """Close its pipes, once nobody reads them."""
        self._folder.cleanup()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            _open(stream).close()

    def why(self) -> str:
        status = self.process.wait()
        return f"its process ended with status {status}: {_open(self.process.stderr).read().decode()[-300:]}"


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream

"""Programs that a test starts: modules of gonogo_services on ports that the system chooses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from fixtures.patience import PATIENCE_S

_POLL_S: Final = 0.02


class Program:
    """A module of gonogo_services in a process of its own, ready.

    Args:
        module: name below ``gonogo_services``.
        log: a file for what it writes to standard error.
        environment: its variables, beside PATH and a free PORT.
    """

    def __init__(self, module: str, log: Path, environment: dict[str, str]) -> None:
        self.log = log
        with log.open("w") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"gonogo_services.{module}"],
                env={"PATH": os.environ["PATH"], "PORT": "0", "GRACE_S": "1", **environment},
                stderr=sink,
            )
        try:
            self.url = self.await_line(r"is ready at (http://\S+)")[1]
        except BaseException:
            self.end()
            raise

    def await_line(self, pattern: str) -> re.Match[str]:
        """Return the match of the first line of its log in which ``pattern`` is found, waiting for it to be written."""
        deadline = time.monotonic() + PATIENCE_S
        with self.log.open() as lines:
            part = ""
            while True:
                ended = self._ends_within(0.0 if part else _POLL_S)
                part += lines.readline()
                if part.endswith("\n"):
                    if match := re.search(pattern, part):
                        return match
                    part = ""
                elif ended:
                    raise AssertionError(f"it ended without a line like {pattern!r}: {self.log.read_text()}")
                else:
                    assert time.monotonic() < deadline, f"no line like {pattern!r}: {self.log.read_text()}"

    def _ends_within(self, time_s: float) -> bool:
        try:
            self.process.wait(time_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> int:
        """End it and return its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.end()

    def end(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


Start = Callable[[str, dict[str, str]], Program]


def starting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Yield what starts a module of gonogo_services; all that it has started ends after that."""
    programs: list[Program] = []

    def start_one(module: str, environment: dict[str, str]) -> Program:
        programs.append(Program(module, tmp_path_factory.mktemp("log") / "stderr", environment))
        return programs[-1]

    yield start_one
    for program in programs:
        program.stop()

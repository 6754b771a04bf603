"""One load at a time on a machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gonogo.errors import UsageError
from gonogo.suite.exclusive import exclusive_load

HOLD = """
import sys
from pathlib import Path
from gonogo.suite.exclusive import exclusive_load
with exclusive_load(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_load_is_told_who_holds_the_machine(tmp_path: Path) -> None:
    """While another process loads, a load is refused with that process's number; afterwards it may go."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match=f"process {other.pid}"), exclusive_load(tmp_path):
            pass
        other.communicate()
    with exclusive_load(tmp_path):
        assert (tmp_path / f"gonogo-load-{os.getuid()}.lock").read_text(encoding="ascii") == f"{os.getpid()}\n"


def test_a_killed_load_holds_nothing(tmp_path: Path) -> None:
    """The lock of a process that was killed with -9 is free."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        other.kill()
    with exclusive_load(tmp_path):
        assert list(tmp_path.iterdir())


def test_a_load_waits_for_another_when_it_may(tmp_path: Path) -> None:
    """It says whom it waits for, and goes on when that one has ended."""
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"

        def end(line: str) -> None:
            said.append(line)
            other.kill()

        with exclusive_load(tmp_path, wait_s=30, announce=end):
            assert other.wait() < 0
    assert said == [f"waiting up to 30 s for another load test (process {other.pid})"]

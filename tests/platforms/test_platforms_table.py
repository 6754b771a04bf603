"""Reading the process table."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gonogo.platforms.process.supervisor.table import Process, descendants, parse_stat

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("name", ["python", "a b", ") S 1 (", "((("])
def test_a_line_is_read_whatever_the_program_is_called(name: str) -> None:
    """The name may hold blanks and parentheses."""
    fields = ["S", "7", *["0"] * 9, "100", "20", "30", "4", *["0"] * 4, "555", "0", "12"]
    process = parse_stat(f"42 ({name}) {' '.join(fields)} 0 0")
    assert (process.pid, process.parent, process.born, process.rss) == (42, 7, 555, 12 * PAGE)
    assert process.cpu_s == pytest.approx(154 / TICK)


def test_the_own_line_is_read() -> None:
    """What the kernel writes today has the fields where they are expected."""
    process = parse_stat(Path("/proc/self/stat").read_text())
    assert (process.pid, process.parent) == (os.getpid(), os.getppid())
    assert process.rss > 1_000_000


def test_descendants_are_found_at_every_depth() -> None:
    """Children of children, and nobody else."""
    table = {pid: Process(pid, parent, 0, 0.0, 0, zombie=False) for pid, parent in ((2, 1), (3, 2), (4, 3), (5, 9))}
    assert {process.pid for process in descendants(2, table)} == {3, 4}

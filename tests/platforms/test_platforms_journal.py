"""The log of a replica: starts are marked, ends can be read, size is bounded."""

from __future__ import annotations

import os
from pathlib import Path

from gonogo.platforms.process.supervisor.journal import Journal
from tests.contracts.waiting import eventually


def write(descriptor: int, text: str) -> None:
    """Write as a container does."""
    os.write(descriptor, text.encode())
    os.close(descriptor)


def test_starts_are_marked(tmp_path: Path) -> None:
    """Every start names the container and counts restarts."""
    journal = Journal(str(tmp_path / "log"))
    write(journal.begin("loader", init=True), "loading\n")
    write(journal.begin("main", restarts=2), "serving\n")
    journal.close()
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines[0].endswith("init container loader started ---")
    assert lines[2].endswith("container main started again (restart 2) ---")


def test_the_tail_is_that_of_the_last_life(tmp_path: Path) -> None:
    """Lines from before the last start, marks and empty lines are not in it."""
    journal = Journal(str(tmp_path / "log"))
    write(journal.begin("main"), "first life\n")
    write(journal.begin("main", restarts=1), "".join(f"line {number}\n\n" for number in range(20)))
    journal.mark("container main ended")
    assert journal.tail("main", 3) == ("line 17", "line 18", "line 19")
    journal.close()


async def test_side_by_side_containers_are_told_apart(tmp_path: Path) -> None:
    """Each line carries its container's name; the tail of one holds only its own, without the name."""
    journal = Journal(str(tmp_path / "log"), shared=True)
    one, two = journal.begin("one"), journal.begin("two")
    write(one, "hello\nbroken off")
    write(two, "world\n")
    assert eventually(lambda: journal.tail("one")) == ("hello", "broken off")
    assert journal.tail("two") == ("world",)
    journal.close()
    assert "[one] hello" in (tmp_path / "log").read_text().splitlines()


def test_a_log_is_bounded(tmp_path: Path) -> None:
    """Above the limit the older part is dropped, said so, and what comes later is appended."""
    path = tmp_path / "log"
    journal = Journal(str(path), limit=1000)
    descriptor = journal.begin("main")
    os.write(descriptor, "".join(f"line {number}\n" for number in range(500)).encode())
    journal.trim()
    write(descriptor, "later\n")
    journal.close()
    lines = path.read_text().splitlines()
    assert "bytes of older output dropped" in lines[0]
    assert lines[-2:] == ["line 499", "later"]
    assert path.stat().st_size < 1000

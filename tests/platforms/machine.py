"""What the tests of the process platform run, and how they look at this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from gonogo.platforms.process.environment import MARKER

__all__ = ["ECHO", "IMAGES", "SERVICES", "alive", "groups_of", "marked", "words_after"]

SERVICES = Path(__file__).parent / "services"
ECHO = ("{python}", str(SERVICES / "echo.py"), "{host}", "{port}")
IMAGES = {
    "echo:*": ECHO,
    **{
        f"{name}:*": ("{python}", str(SERVICES / f"{name}.py"))
        for name in ("forker", "stubborn", "mortal", "glutton", "burner")
    },
}


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def marked(text: str) -> list[int]:
    """Return the live processes whose marker contains ``text``."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                environment = Path(entry.path, "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(part.startswith(f"{MARKER}=".encode()) and text.encode() in part for part in environment):
                found.append(int(entry.name))
    return found


def groups_of(stack: str) -> list[Path]:
    """Return the control groups of a stack anywhere on this machine."""
    return [Path(folder) for folder, _, _ in os.walk("/sys/fs/cgroup") if folder.endswith(f"/gonogo-{stack}")]


def words_after(log: Path, word: str) -> Sequence[str]:
    """Return what follows ``word`` in the lines of a log that begin with it."""
    return [line.split()[1] for line in log.read_text().splitlines() if line.startswith(f"{word} ")]

"""The process table: who belongs to which container, and what they use, where no control group tells."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gonogo.platforms.process.environment import MARKER

__all__ = ["Process", "ProcessTable", "descendants", "parse_stat", "read_processes"]

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SETTLING_TICKS = 2 / _TICK_S


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the table.

    Attributes:
        born: start time in clock ticks since boot; with the process id it is unique.
        cpu_s: CPU seconds, those of children that it waited for included.
        rss: resident bytes.
    """

    pid: int
    parent: int
    born: int
    cpu_s: float
    rss: int
    zombie: bool


def parse_stat(text: str) -> Process:
    """Return what a line of /proc/PID/stat says (proc(5))."""
    head, _, rest = text.rpartition(")")  # the name may hold anything, parentheses too
    fields = rest.split()
    ticks = sum(int(field) for field in fields[11:15])
    return Process(
        pid=int(head.split(" ", 1)[0]),
        parent=int(fields[1]),
        born=int(fields[19]),
        cpu_s=ticks * _TICK_S,
        rss=int(fields[21]) * _PAGE,
        zombie=fields[0] in "ZX",
    )


def read_processes() -> dict[int, Process]:
    """Return every process of this machine that can be seen, by its id."""
    everyone: dict[int, Process] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                process = parse_stat(Path(entry.path, "stat").read_text(errors="replace"))
                everyone[process.pid] = process
    return everyone


def descendants(root: int, processes: Mapping[int, Process]) -> list[Process]:
    """Return everything below ``root``, which is the supervisor: orphans come back to it."""
    children: dict[int, list[Process]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += [process.pid for process in below]
    return found


class ProcessTable:
    """Descendants of the supervisor by container, found by the marker that they inherit in their environment."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], str] = {}
        self._owners: tuple[dict[int, str], dict[int, str]] = ({}, {})  # of the last two scans

    def scan(self) -> dict[str, list[Process]]:
        """Read the table and return the live processes of every container, by marker."""
        everyone = read_processes()
        youngest = max((process.born for process in everyone.values()), default=0)
        known: dict[tuple[int, int], str] = {}
        groups: dict[str, list[Process]] = {}
        for process in descendants(os.getpid(), everyone):
            key = (process.pid, process.born)
            marker = self._known.get(key)
            if marker is None:
                marker = _marker(process.pid)
                if not marker and youngest - process.born < _SETTLING_TICKS:
                    marker = None  # between fork and exec it still shows the supervisor's environment: ask again
            if marker is not None:
                known[key] = marker
                if marker and not process.zombie:
                    groups.setdefault(marker, []).append(process)
        self._known = known
        self._owners = ({pid: marker for (pid, _), marker in known.items()}, self._owners[0])
        return groups

    def owner(self, pid: int) -> str:
        """Return the marker of a process that has ended, empty when it was never seen."""
        return next((seen[pid] for seen in self._owners if pid in seen), "")


def _marker(pid: int) -> str:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return ""
    wanted = f"{MARKER}=".encode()
    return next((part[len(wanted) :].decode() for part in environment.split(b"\0") if part.startswith(wanted)), "")

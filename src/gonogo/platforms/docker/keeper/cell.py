"""The control groups that Docker gives a container, through all its lives."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from gonogo.platforms.process.cgroups.cell import Cell, CellUsage
from gonogo.platforms.process.cgroups.choice import CONTROLLERS, read_hierarchies

__all__ = ["DockerCell"]

_NOWHERE = Path("/dev/null/none")


class DockerCell(Cell):
    """Reads what the kernel accounts to the life that runs, and remembers what it accounted to those before.

    Docker makes new groups for every container, and they vanish when it ends: what was used after the last look at them
    is lost.
    """

    def __init__(self, version: Literal[1, 2]) -> None:
        super().__init__(dict.fromkeys(CONTROLLERS, (version, _NOWHERE)), {})
        self._version = version
        self._past = CellUsage(0.0, 0, 0.0)
        self._last = CellUsage(0.0, 0, 0.0)

    def enter(self, pid: int) -> None:
        """Look at the groups of ``pid``, the main process of a new life, from now on."""
        self._past = self._last
        folders = dict.fromkeys(CONTROLLERS, (self._version, _NOWHERE))
        found = read_hierarchies(_read("/proc/self/mountinfo"), _read(f"/proc/{pid}/cgroup")) if pid else None
        for controller in CONTROLLERS:
            if found is not None and (folder := found.v1.get(controller) if self._version == 1 else found.v2):
                folders[controller] = (self._version, Path(folder))
        object.__setattr__(self, "groups", folders)

    def usage(self) -> CellUsage:
        """Read what the kernel accounts now, earlier lives included."""
        now = super().usage()
        if not self._alive():
            return CellUsage(self._last.cpu_s, 0, self._last.throttled_s)
        self._last = CellUsage(
            (self._past.cpu_s or 0.0) + (now.cpu_s or 0.0),
            now.rss,
            (self._past.throttled_s or 0.0) + (now.throttled_s or 0.0),
            now.oom_kills,
        )
        return self._last

    def _alive(self) -> bool:
        return all(folder.is_dir() for _, folder in self.groups.values())


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""

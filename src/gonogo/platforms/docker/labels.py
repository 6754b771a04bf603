"""Labels on everything that gonogo makes in Docker, and who owns it: what a later session cleans up by."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

__all__ = ["CONTENT", "IMAGE", "OWNER", "READ_ONLY", "REPLICA", "ROLE", "STACK", "Owner"]

STACK = "dev.gonogo.stack"
"""Id of the stack; on containers, networks and volumes."""

OWNER = "dev.gonogo.owner"
"""The process that the stack must not outlive, as :class:`Owner` writes it."""

ROLE = "dev.gonogo.role"
"""``pod`` (holds a Pod's network), ``container`` or ``forwarder``."""

REPLICA = "dev.gonogo.replica"
"""``namespace/workload/ordinal``."""

IMAGE = "dev.gonogo.image"
"""Name of a shipped image; on images."""

CONTENT = "dev.gonogo.content"
"""Digest of what an image was built from; on images."""

READ_ONLY = "dev.gonogo.read-only"
"""``true`` on an image that needs no writable root file system, but for /tmp; it gets none."""

_START_TIME = 19  # proc(5): field 22 of stat, counted from the state


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, told apart from others that had or will have its id.

    Attributes:
        boot: id of this boot of the machine.
        space: the PID namespace; ids of another one mean nothing here.
        pid: process id.
        born: start time in clock ticks since boot.
    """

    boot: str
    space: str
    pid: int
    born: int

    @classmethod
    def here(cls) -> Self:
        """This process."""
        return cls(_boot(), _space(), os.getpid(), _born(os.getpid()))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return what a label says; None when no gonogo wrote it."""
        match text.split("/"):
            case [boot, space, pid, born] if pid.isdigit() and born.isdigit():
                return cls(boot, space, int(pid), int(born))
            case _:
                return None

    def __str__(self) -> str:
        return f"{self.boot}/{self.space}/{self.pid}/{self.born}"

    @property
    def gone(self) -> bool:
        """Whether it has certainly ended. An owner in another PID namespace of this boot cannot be seen from here."""
        if self.boot != _boot():
            return True
        return self.space == _space() and _born(self.pid) != self.born


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _space() -> str:
    return str(os.stat("/proc/self/ns/pid").st_ino)  # noqa: PTH116 - Path.stat() says no more


def _born(pid: int) -> int:
    """Start time of a process; 0 when there is none."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[_START_TIME])
    except OSError:
        return 0

"""A proxy as a process: started under a guardian, sampled, told to reload, ended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from gonogo.sidecar import guardian
from gonogo.sidecar.cage import FREE, Cage

__all__ = ["ProxyProcess", "Usage"]

_END_S: Final = 6.0
_SAID: Final = 3


@dataclass(frozen=True, slots=True)
class Usage:
    """What a proxy has used since its start.

    Attributes:
        rss: resident bytes of its processes now.
    """

    cpu_s: float
    rss: int


class ProxyProcess:
    """One proxy. It ends with this process, also when that is killed.

    Args:
        command: its command line.
        folder: where it runs and where ``output.txt`` keeps what it says.
        remove: folder that is removed when it has ended.
        cores: CPUs that it may use; empty: all.
        cage: control groups that hold it; they are removed when it has ended.
    """

    def __init__(
        self, command: Sequence[str], *, folder: Path, remove: Path, cores: tuple[int, ...], cage: Cage = FREE
    ) -> None:
        self.output = folder / "output.txt"
        self._lock = threading.Lock()
        allowed = ",".join(map(str, cores))
        caged = []
        if cage.doors:
            caged = [f"--doors={os.pathsep.join(cage.doors)}", f"--groups={os.pathsep.join(cage.folders)}"]
        with self.output.open("ab") as output:
            self._guardian = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", "-S", guardian.__file__, allowed, str(remove), *caged, *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=folder,
                start_new_session=True,
            )
        self._used = Usage(0.0, 0)

    @property
    def pid(self) -> int:
        """Process id of the guardian."""
        return self._guardian.pid

    @property
    def ended(self) -> bool:
        """Whether the proxy has ended."""
        return self._guardian.poll() is not None

    @property
    def status(self) -> int | None:
        """Its exit status, once it has ended."""
        return self._guardian.poll()

    def said(self) -> str:
        """The last lines that it wrote, as one."""
        lines = self.output.read_text(errors="replace").strip().splitlines() if self.output.exists() else []
        return " | ".join(line.strip() for line in lines[-_SAID:])

    def reload(self) -> None:
        """Send it SIGHUP; one that has ended is left alone."""
        with self._lock, suppress(BrokenPipeError):
            if self._guardian.stdin is not None and not self._guardian.stdin.closed:
                self._guardian.stdin.write(b"H")
                self._guardian.stdin.flush()

    def children(self) -> list[psutil.Process]:
        """The processes of the proxy, its master first."""
        found = []
        for master in _children(self._guardian.pid):
            for pid in (master, *_children(master)):
                with suppress(psutil.NoSuchProcess):
                    found.append(psutil.Process(pid))
        return found

    def sample(self) -> Usage:
        """Usage from its start to now; the last known once it has ended."""
        cpu_s, rss, seen = 0.0, 0, False
        for process in self.children():
            try:
                times = process.cpu_times()
                # Of workers that ended, their master keeps the sum.
                cpu_s += times.user + times.system + times.children_user + times.children_system
                rss += process.memory_info().rss
                seen = True
            except psutil.NoSuchProcess:
                continue
        if seen:
            self._used = Usage(max(cpu_s, self._used.cpu_s), rss)
        return self._used

    def stop(self) -> None:
        """End it; safe to call twice."""
        with self._lock, suppress(BrokenPipeError):
            if self._guardian.stdin is not None and not self._guardian.stdin.closed:
                self._guardian.stdin.close()
        try:
            self._guardian.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._guardian.kill()
            self._guardian.wait()


def _children(pid: int) -> list[int]:
    # proc_pid_children(5): psutil would look at every process of the machine.
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []

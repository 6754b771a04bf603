"""Waiting for children: the supervisor's own and the orphans that it adopts."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Exit", "Reaper"]


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended.

    Attributes:
        status: exit status; None when a signal ended it.
        signal: number of that signal; 0 without one.
        cpu_s: CPU seconds of it and of the children that it waited for.
    """

    status: int | None
    signal: int = 0
    cpu_s: float = 0.0

    @property
    def good(self) -> bool:
        """Whether it ended by itself and well."""
        return self.status == 0

    def __str__(self) -> str:
        if self.status is not None:
            return f"ended with exit status {self.status}"
        try:
            name = signal.Signals(self.signal).name
        except ValueError:
            name = f"signal {self.signal}"
        return f"was killed by {name}"


class Reaper:
    """Hands the exit of every child to whoever watches it.

    Args:
        orphan: told the process id and CPU seconds of every other process that ended here.
    """

    def __init__(self, orphan: Callable[[int, float], None]) -> None:
        self._orphan = orphan
        self._watched: dict[int, asyncio.Future[Exit]] = {}

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Act on SIGCHLD in ``loop``."""
        loop.add_signal_handler(signal.SIGCHLD, self.reap)

    def watch(self, pid: int) -> asyncio.Future[Exit]:
        """Return what becomes the exit of the child ``pid``. Call it right after the child was started."""
        future: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._watched[pid] = future
        return future

    def reap(self) -> None:
        """Collect every child that has ended."""
        while True:
            try:
                pid, code, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            cpu_s = used.ru_utime + used.ru_stime
            future = self._watched.pop(pid, None)
            if future is None:
                self._orphan(pid, cpu_s)
            elif not future.done():
                value = os.waitstatus_to_exitcode(code)
                future.set_result(Exit(value, 0, cpu_s) if value >= 0 else Exit(None, -value, cpu_s))

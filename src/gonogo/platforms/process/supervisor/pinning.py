"""CPU placement: everything below the supervisor gets the services' CPUs once the stack is ready.

Until then it may use every CPU. Nothing is measured while a stack starts, and imports and model loading on one CPU of
two would take twice as long.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from gonogo.platforms.process.supervisor.table import descendants, read_processes

__all__ = ["pin"]

_MOST_PASSES = 10


def pin(cores: Collection[int]) -> None:
    """Give every thread of this process and of all its descendants the CPUs ``cores``.

    What is forked meanwhile by a thread that has not been reached yet is found in the next pass; what was reached hands
    its CPUs down.
    """
    wanted = set(cores)
    for _ in range(_MOST_PASSES):
        processes = [os.getpid(), *(process.pid for process in descendants(os.getpid(), read_processes()))]
        if sum(_place(thread, wanted) for pid in processes for thread in _threads(pid)) == 0:
            return


def _place(thread: int, wanted: set[int]) -> bool:
    """Place one thread and return whether that changed anything."""
    with suppress(OSError):  # it has ended
        if os.sched_getaffinity(thread) != wanted:
            os.sched_setaffinity(thread, wanted)
            return True
    return False


def _threads(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    return []

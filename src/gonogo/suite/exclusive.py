"""One load at a time on a machine: two would spoil each other's figures."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gonogo.errors import UsageError
from gonogo.units import format_duration

__all__ = ["exclusive_load"]

_POLL_S: Final = 0.1


@contextmanager
def exclusive_load(
    folder: Path | None = None, *, wait_s: float = 0.0, announce: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Hold this machine's load lock. The kernel frees it when the process ends, however it ends.

    Args:
        folder: of the lock; that of temporary files by default.
        wait_s: how long to wait for another process that holds it.
        announce: told when there is one to wait for.

    Raises:
        UsageError: another process holds it still.
    """
    path = (folder or Path(tempfile.gettempdir())) / f"gonogo-load-{os.getuid()}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if not _taken(descriptor):
            if wait_s > 0:
                owner = _owner(descriptor)
                announce(f"waiting up to {format_duration(wait_s)} for another load test (process {owner})")
            deadline = time.monotonic() + wait_s
            while not _taken(descriptor):
                if time.monotonic() >= deadline:
                    raise UsageError(
                        f"another load test runs on this machine (process {_owner(descriptor)})",
                        where=str(path),
                        mend="two at once would spoil each other's figures: wait until it ends",
                    )
                time.sleep(_POLL_S)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(descriptor: int) -> str:
    return os.pread(descriptor, 32, 0).decode("ascii", errors="replace").strip() or "unknown"

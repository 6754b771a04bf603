"""One load at a time on a machine: two would spoil each other's figures."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gonogo.errors import UsageError

__all__ = ["exclusive_load"]


@contextmanager
def exclusive_load(folder: Path | None = None) -> Iterator[None]:
    """Hold this machine's load lock. The kernel frees it when the process ends, however it ends.

    Raises:
        UsageError: another process holds it.
    """
    path = (folder or Path(tempfile.gettempdir())) / f"gonogo-load-{os.getuid()}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 32).decode("ascii", errors="replace").strip() or "unknown"
            raise UsageError(
                f"another load test runs on this machine (process {owner})",
                where=str(path),
                mend="two at once would spoil each other's figures: wait until it ends",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)

"""Memory that all workers share: made before they are forked, one writer at a time, whoever dies.

The lock is a POSIX record lock (fcntl(2)): it excludes other processes, and the kernel releases it when its holder
ends, so that a worker killed in the middle of a change stops nobody.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["SharedMemory"]


class SharedMemory:
    """A number of bytes that this process and its forks see alike.

    Args:
        size: number of bytes.
        path: a file that keeps them; None: they live as long as the processes do.

    Raises:
        OSError: the file cannot be opened, or is not of that size.
    """

    def __init__(self, size: int, path: Path | None = None) -> None:
        if path is None:
            self._file = os.memfd_create("gonogo")
        else:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._file).st_size == 0:
            os.ftruncate(self._file, size)
        if os.fstat(self._file).st_size != size:
            raise OSError(f"it has {os.fstat(self._file).st_size} bytes instead of {size}")
        self.bytes = mmap.mmap(self._file, size)

    @contextmanager
    def locked(self) -> Iterator[mmap.mmap]:
        """Keep all other processes from locking it during the block."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield self.bytes
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

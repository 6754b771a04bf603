"""The log of one replica: the output of its containers, with marks where each was started."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress

__all__ = ["LIMIT", "Journal"]

LIMIT = 64 * 1024 * 1024
"""Bytes after which the older part of a log is dropped."""

_KEPT = 1024 * 1024
_LOOKED_AT = 256 * 1024
_MARK = "--- gonogo: "


class Journal:
    """One file that every container of a replica appends to.

    A container writes straight into the file. Only where several run side by side does their output come through
    a pipe each, so that every line can be marked with its container.

    Args:
        path: the file, made when missing.
        shared: several containers run side by side.
        limit: see :data:`LIMIT`.
    """

    def __init__(self, path: str, *, shared: bool = False, limit: int = LIMIT) -> None:
        self.path = path
        self._shared = shared
        self._limit = limit
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._begun: dict[str, int] = {}
        self._pipes: dict[str, tuple[int, bytearray]] = {}

    def begin(self, container: str, *, restarts: int = 0, init: bool = False) -> int:
        """Mark the start of a container and return the descriptor for its output; the caller closes it."""
        kind = "init container" if init else "container"
        again = f" again (restart {restarts})" if restarts else ""
        self.mark(f"{kind} {container} started{again}")
        self._begun[container] = os.fstat(self._file).st_size
        if not self._shared or init:
            return os.dup(self._file)
        self._close_pipe(container)
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        self._pipes[container] = (read_end, bytearray())
        asyncio.get_running_loop().add_reader(read_end, self._drain, container)
        return write_end

    def mark(self, text: str) -> None:
        """Append a line of the supervisor's own."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._append(f"{_MARK}{now} {text} ---\n".encode())

    def tail(self, container: str, lines: int = 10) -> tuple[str, ...]:
        """Return the last lines that a container wrote since it was last started."""
        self._drain(container)
        size = os.fstat(self._file).st_size
        start = min(self._begun.get(container, 0), size)
        text = os.pread(self._file, _LOOKED_AT, max(start, size - _LOOKED_AT)).decode(errors="replace")
        found = [line.rstrip() for line in text.splitlines() if not line.startswith(_MARK)]
        prefix = f"[{container}] "
        if self._shared and container in self._pipes:
            found = [line.removeprefix(prefix) for line in found if line.startswith(prefix)]
        return tuple([line for line in found if line][-lines:])

    def trim(self) -> None:
        """Keep the file below its limit: drop all but its end."""
        size = os.fstat(self._file).st_size
        if size <= self._limit:
            return
        kept = os.pread(self._file, min(_KEPT, self._limit // 2), size - min(_KEPT, self._limit // 2))
        os.ftruncate(self._file, 0)
        self.mark(f"{size - len(kept)} bytes of older output dropped")
        self._append(kept[kept.find(b"\n") + 1 :])
        self._begun = dict.fromkeys(self._begun, 0)

    def close(self) -> None:
        """Take what is left in the pipes and close everything."""
        for container in list(self._pipes):
            self._close_pipe(container)
        os.close(self._file)

    def _append(self, data: bytes) -> None:
        with suppress(OSError):  # a full disk must not end the stack
            os.write(self._file, data)

    def _drain(self, container: str) -> None:
        if container not in self._pipes:
            return
        read_end, rest = self._pipes[container]
        prefix = f"[{container}] ".encode()
        with suppress(BlockingIOError):
            while data := os.read(read_end, 65_536):
                rest += data
                *complete, last = bytes(rest).split(b"\n")
                rest[:] = last
                self._append(b"".join(prefix + line + b"\n" for line in complete))
            asyncio.get_running_loop().remove_reader(read_end)  # every writer has closed its end
            if rest:
                self._append(prefix + bytes(rest) + b"\n")
                rest.clear()

    def _close_pipe(self, container: str) -> None:
        if container in self._pipes:
            self._drain(container)
            read_end, _ = self._pipes.pop(container)
            asyncio.get_running_loop().remove_reader(read_end)
            os.close(read_end)

"""A log of predictions that never makes a request wait: bounded, written by a thread, and lossy with a count.

What is offered waits in memory until the thread has written it. When the destination is too slow or fails, and what
waits would pass its bound, the newest is dropped and counted; the count is written as soon as something can be.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from gonogo_services.serving.answered import Answered

__all__ = ["MAX_HELD_BYTES", "Noted", "PredictionLog"]

MAX_HELD_BYTES: Final = 16 << 20

_GATHER_S = 0.02
_BATCH = 64  # lines between two system calls, during which the event loop can run
_OVERHEAD_BYTES = 1024
_HEADER_BYTES = 1024

logger = logging.getLogger(__name__)


class Noted(NamedTuple):
    """An answer as it waits to be written.

    Attributes:
        answered: the request and the answer, with the wanted headers only, each cut to 1 KiB.
        at_ns: nanoseconds since 1970 when it was made.
        sequence: its number among all answers that this worker offered, beginning with 1; lost ones count.
    """

    answered: Answered
    at_ns: int
    sequence: int


class PredictionLog:
    """Writes one line for each answer that it is offered.

    Workers inherit it and each writes by a thread of its own, between ``start`` and ``close``.

    Args:
        descriptor: an open file or pipe, which all workers of the service share.
        line: makes the line, without its line break, of an answer.
        lost: makes the line that tells how many answers could not be written since the last such line.
        headers: names, in lower case, of the request headers that ``line`` needs.
        max_held_bytes: how much may wait in each worker.
    """

    def __init__(
        self,
        descriptor: int,
        line: Callable[[Noted], bytes],
        lost: Callable[[int], bytes],
        headers: Collection[bytes] = (),
        max_held_bytes: int = MAX_HELD_BYTES,
    ) -> None:
        self._descriptor = descriptor
        self._line = line
        self._lost_line = lost
        self._headers = frozenset(headers)
        self._max_held_bytes = max_held_bytes
        # Record locks exclude processes from one another, so that no worker writes into another one's line.
        self._turn = os.memfd_create("prediction-log")
        self._waiting: deque[Noted] = deque()
        self._sequence = 0
        # Each counter is changed by one thread only: what comes in by the event loop's, what goes out by the writer.
        self._bytes_in = self._bytes_out = 0
        self._lost_in = self._lost_out = self._lost_told = self._written = 0
        self._torn = self._failing = False
        self._wake, self._closing = threading.Event(), threading.Event()
        self._writer: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write, in this process."""
        self._writer = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self._writer.start()

    def offer(self, answered: Answered) -> None:
        """Take an answer to be written, or count it as lost; returns at once."""
        self._sequence += 1
        size = len(answered.body) + len(answered.content) + _OVERHEAD_BYTES
        if self._bytes_in - self._bytes_out + size > self._max_held_bytes:
            self._lost_in += 1
        else:
            headers = [(name, value[:_HEADER_BYTES]) for name, value in answered.headers if name in self._headers]
            self._bytes_in += size
            self._waiting.append(Noted(answered._replace(headers=headers), time.time_ns(), self._sequence))
        if not self._wake.is_set():
            self._wake.set()

    def close(self, within_s: float = 1.0) -> None:
        """Write what waits, for at most ``within_s`` seconds, and end the thread."""
        if self._writer is None:
            return
        self._closing.set()
        self._wake.set()
        self._writer.join(within_s)
        missing = self._sequence - self._written - self._lost_told
        if missing:
            logger.warning("the prediction log ends without its last %d predictions", missing)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._closing.wait(_GATHER_S)
            self._wake.clear()
            while self._waiting:
                self._write_batch()
            if self._lost_in + self._lost_out > self._lost_told and not self._failing:
                self._write_lines([])
            if self._closing.is_set():
                return

    def _write_batch(self) -> None:
        lines = []
        batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
        for noted in batch:
            try:
                lines.append(self._line(noted) + b"\n")
            except Exception:
                logger.exception("a prediction cannot be written as a line")
                self._lost_out += 1
        if self._write_lines(lines):
            self._written += len(lines)
        else:
            self._lost_out += len(lines)
        self._bytes_out += sum(len(noted.answered.body) + len(noted.answered.content) for noted in batch)
        self._bytes_out += _OVERHEAD_BYTES * len(batch)

    def _write_lines(self, lines: list[bytes]) -> bool:
        lost = self._lost_in + self._lost_out
        if lost > self._lost_told:
            lines = [self._lost_line(lost - self._lost_told) + b"\n", *lines]
        if self._torn:
            lines = [b"\n", *lines]
        try:
            fcntl.lockf(self._turn, fcntl.LOCK_EX)
            try:
                self._write(b"".join(lines))
            finally:
                fcntl.lockf(self._turn, fcntl.LOCK_UN)
        except OSError as error:
            if not self._failing:
                logger.warning("the prediction log cannot be written: %s", error.strerror)
            self._failing = True
            return False
        self._lost_told = lost
        self._failing = False
        return True

    def _write(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            written = os.write(self._descriptor, rest)
            rest = rest[written:]
            self._torn = bool(rest)

"""SIGTERM and SIGINT as something that a selector can wait for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

__all__ = ["StopSignals"]

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """Counts requests to stop. Readable (``fileno``) when one has arrived that ``collect`` has not counted yet."""

    def __init__(self) -> None:
        self.count = 0
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        os.set_blocking(self._read, False)

    def __enter__(self) -> Self:
        signal.set_wakeup_fd(self._write)
        for number in _SIGNALS:
            signal.signal(number, _note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.forget()

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._read

    def collect(self) -> None:
        """Count what has arrived."""
        self.count += len(os.read(self._read, 4096))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold both signals back during the block, so that a fork in it does not lose or misdirect one."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def forget(self) -> None:
        """Stop counting: SIGTERM ends this process again, SIGINT is left to the process that started the group."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.close(self._read)
        os.close(self._write)


def _note(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the wake-up descriptor has the signal already."""

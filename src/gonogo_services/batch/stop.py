"""The request to stop: SIGTERM or SIGINT, heard between chunks and while waiting."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType, TracebackType
from typing import Any, Final, Self

__all__ = ["Stop"]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Knows whether the job was asked to stop, and can be waited for by any thread.

    As a context manager it listens to the signals; without, it waits for nobody but ``request``.
    """

    def __init__(self) -> None:
        self.requested = False
        self._read, self._write = os.pipe()
        self._before: list[Any] = []

    def __enter__(self) -> Self:
        self._before = [signal.signal(number, self._hear) for number in _SIGNALS]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in zip(_SIGNALS, self._before, strict=True):
            signal.signal(number, handler)
        self.close()

    def request(self) -> None:
        """Ask to stop."""
        if not self.requested:
            self.requested = True
            # A pipe, because setting an Event in a signal handler can wait for the thread that it interrupts.
            os.write(self._write, b"!")

    def wait(self, seconds: float) -> bool:
        """Wait until asked to stop, for ``seconds`` at most, and return whether it was."""
        select.select([self._read], [], [], max(0.0, seconds))
        return self.requested

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._read)
        os.close(self._write)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self.request()

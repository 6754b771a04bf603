"""SIGHUP, taken by a thread of the parent process that waits for nothing else.

The parent's own signal handling stops the service; a signal that is blocked in every other thread and in every worker
never gets there.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

__all__ = ["OnHangup"]

_HANGUP: Final = {signal.SIGHUP}


class OnHangup:
    """Calls ``act`` for every SIGHUP that this process gets during the block; forks made in it ignore the signal.

    Args:
        act: what to do; it must not raise.
    """

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._over = False
        self._thread = threading.Thread(target=self._wait, name="on-hangup")

    def __enter__(self) -> Self:
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANGUP)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        if self._thread.ident is not None:
            signal.pthread_kill(self._thread.ident, signal.SIGHUP)
        self._thread.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)

    def _wait(self) -> None:
        while True:
            signal.sigwait(_HANGUP)
            if self._over:
                return
            self._act()

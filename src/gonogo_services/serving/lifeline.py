"""A process that does not outlive the one that started it, even when that one is killed with SIGKILL."""

from __future__ import annotations

import ctypes
import os
import signal

__all__ = ["die_with"]

_PR_SET_PDEATHSIG = 1  # linux/prctl.h; prctl(2)

_prctl = ctypes.CDLL(None, use_errno=True).prctl


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent, whose process id is ``parent``, ends.

    Raises:
        OSError: the kernel refuses.
        ProcessLookupError: the parent ended before it could be watched.
    """
    if _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    if os.getppid() != parent:
        raise ProcessLookupError

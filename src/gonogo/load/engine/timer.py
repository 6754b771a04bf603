"""What the engine asks of the kernel through ctypes: a precise timer, and to die with its parent.

Python's timers have a resolution of 1 ms. A timerfd (timerfd_create(2)) wakes epoll within microseconds and needs no
spinning. Python has it from 3.13 on.
"""

from __future__ import annotations

import ctypes
import os
import signal
from typing import Final

__all__ = ["Timer", "die_with_parent", "no_timer_slack"]

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_CLOCK_MONOTONIC: Final = 1
_ABSOLUTE: Final = 1
_NONBLOCK_CLOEXEC: Final = 0o4000 | 0o2000000
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_TIMERSLACK: Final = 29


class _Spec(ctypes.Structure):
    """A struct itimerspec of 64-bit Linux: interval and value, each in seconds and nanoseconds."""

    _fields_ = (
        ("interval_s", ctypes.c_int64),
        ("interval_ns", ctypes.c_int64),
        ("value_s", ctypes.c_int64),
        ("value_ns", ctypes.c_int64),
    )


class Timer:
    """A timer on CLOCK_MONOTONIC whose descriptor turns readable at an absolute time.

    Attributes:
        fd: to be registered edge-triggered, so that it need not be read.
    """

    def __init__(self) -> None:
        self.fd: int = _LIBC.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCK_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._spec = _Spec()
        self._set = _LIBC.timerfd_settime
        self._set.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        self._address = ctypes.addressof(self._spec)

    def arm(self, moment: float) -> None:
        """Wake at ``moment``, a reading of time.monotonic() in seconds; at once when it has passed."""
        seconds = int(moment)
        spec = self._spec
        spec.value_s = seconds
        # The kernel takes a time of 0 for "never", and rounding up keeps the wake-up from coming too early.
        spec.value_ns = min(int((moment - seconds) * 1e9) + 1, 999_999_999)
        self._set(self.fd, _ABSOLUTE, self._address, None)


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def no_timer_slack() -> None:
    """Have the kernel wake this process at the set time, not up to 50 µs later (prctl(2), PR_SET_TIMERSLACK)."""
    _LIBC.prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)

"""What the engine asks of the kernel through ctypes: a precise timer, and to die with its parent.

Python's timers have a resolution of 1 ms. A timerfd (timerfd_create(2)) wakes epoll within microseconds, and its user
need not spin. Python has it from 3.13 on.
"""

from __future__ import annotations

import ctypes
import math
import os
import signal
from time import monotonic as clock
from time import sleep
from typing import Final

__all__ = ["Alarm", "die_with_parent", "no_timer_slack"]

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_CLOCK_MONOTONIC: Final = 1
_ABSOLUTE: Final = 1
_NONBLOCK_CLOEXEC: Final = 0o4000 | 0o2000000
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_TIMERSLACK: Final = 29
_FIRST_LEAD_S: Final = 20e-6
_MOST_LEAD_S: Final = 60e-6
_LEAD_STEP_S: Final = 1e-6
_EARLY: Final = 0.1  # the share of wake-ups that may be early, and are followed by looking again without sleeping


class _Spec(ctypes.Structure):
    """A struct itimerspec of 64-bit Linux: interval and value, each in seconds and nanoseconds."""

    _fields_ = (
        ("interval_s", ctypes.c_int64),
        ("interval_ns", ctypes.c_int64),
        ("value_s", ctypes.c_int64),
        ("value_ns", ctypes.c_int64),
    )


class Alarm:
    """Wakes epoll when a request is due, by a timer on CLOCK_MONOTONIC.

    Waking up takes time: a few microseconds, and tens of them on virtual machines. The alarm learns how long, is set
    that much earlier, and has its user look again without sleeping for what is left. :meth:`sleep` does the same for
    who waits for nothing but the time.

    Attributes:
        fd: to be registered edge-triggered, so that it need not be read.
    """

    def __init__(self) -> None:
        self.fd: int = _LIBC.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCK_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._spec = _Spec()
        self._settime = _LIBC.timerfd_settime
        self._settime.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        self._address = ctypes.addressof(self._spec)
        self._lead = _FIRST_LEAD_S
        self._due = self._wake_at = 0.0
        self._asleep = False

    def wait(self, due: float, now: float, longest_s: float) -> float:
        """Return for how many seconds its user may sleep on epoll; the alarm is set for ``due``.

        Args:
            due: the moment that shall not be missed, a reading of time.monotonic(); infinity for none.
            now: the present reading.
            longest_s: what to return when the alarm or another event ends the sleep.
        """
        if due - now <= self._lead:
            self._asleep = False
            return 0.0
        if due != self._due and due < math.inf:
            self._due = due
            self._wake_at = due - self._lead
            self._set(self._wake_at)
        self._asleep = True
        return longest_s

    def rang(self) -> None:
        """Take note that the alarm went off."""
        if self._asleep:
            self._learn(clock() - self._wake_at)

    def sleep(self, due: float, now: float) -> float:
        """Sleep until ``due`` whatever else happens; return the reading of the clock then.

        This costs less than waiting for the timer on epoll: the kernel has one thing less to set up and to wake.
        """
        wake_at = due - self._lead
        if wake_at > now:
            sleep(wake_at - now)
            now = clock()
            self._learn(now - wake_at)
        while now < due:
            now = clock()
        return now

    def _learn(self, late_s: float) -> None:
        """Follow the tenth percentile of how late the kernel wakes."""
        step = _LEAD_STEP_S * (_EARLY if late_s > self._lead else _EARLY - 1)
        self._lead = min(_MOST_LEAD_S, max(0.0, self._lead + step))

    def _set(self, moment: float) -> None:
        seconds = int(moment)
        spec = self._spec
        spec.value_s = seconds
        # The kernel takes a time of 0 for "never".
        spec.value_ns = min(int((moment - seconds) * 1e9) + 1, 999_999_999)
        self._settime(self.fd, _ABSOLUTE, self._address, None)


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def no_timer_slack() -> None:
    """Have the kernel wake this process at the set time, not up to 50 µs later (prctl(2), PR_SET_TIMERSLACK)."""
    _LIBC.prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)

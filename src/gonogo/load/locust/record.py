# ruff: noqa: ANN401 - Locust and gevent give their parts no types
"""Recording Locust's request events as rows. This module is imported in Locust's process only."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from gonogo.load.locust.rows import ROW
from gonogo.runs.run import ERRORS

__all__ = ["Recorder", "error_kind"]

_FIRST_BAD: Final = 400
_MOST_TARGETS: Final = 30_000
_KINDS: Final = (
    (TimeoutError, "timeout"),
    (ConnectionRefusedError, "refused"),
    (socket.gaierror, "dns"),
    (ssl.SSLError, "tls"),
    ((ConnectionResetError, BrokenPipeError), "reset"),
)
_WORDS: Final = (
    ("timeout", "timeout"),
    ("timedout", "timeout"),
    ("timed out", "timeout"),
    ("refused", "refused"),
    ("gaierror", "dns"),
    ("name or service", "dns"),
    ("nameresolution", "dns"),
    ("ssl", "tls"),
    ("reset", "reset"),
    ("remotedisconnected", "reset"),
    ("broken pipe", "reset"),
    ("connectionaborted", "reset"),
    ("connectionclosed", "reset"),
    ("connection", "connect"),
)


class Recorder:
    """Writes a row for every request event.

    Args:
        fd: takes the rows.
        say: tells the parent something.

    Attributes:
        start: the run's start, on the clock of time.monotonic.
        names: of the targets, by their index.
        user_errors: how often a user's own code raised.
        first_error: what it raised first.
    """

    def __init__(self, fd: int, say: Callable[..., None]) -> None:
        self._fd = fd
        self._say = say
        self._numbers: dict[str, int] = {}
        self.names: list[str] = []
        self.start = 0.0
        self.user_errors = 0
        self.first_error = ""

    def begin(self, start: float) -> None:
        """Count time from ``start``; events tell the time of day, which is converted once."""
        self.start = start
        self._of_day_s = time.time() - time.monotonic() + start

    def listen(self, events: Any) -> None:
        """Take the events of Locust."""
        events.request.add_listener(self.request)
        events.user_error.add_listener(self.user_error)

    def request(
        self,
        request_type: str,
        name: str,
        response_time: float | None,
        response_length: int | None,
        exception: BaseException | None = None,
        start_time: float | None = None,
        response: Any = None,
        **_: Any,
    ) -> None:
        """A request is over."""
        took_s = (response_time or 0.0) / 1000
        start_s = time.monotonic() - took_s - self.start if start_time is None else start_time - self._of_day_s
        status = int(getattr(response, "status_code", 0) or 0)
        # A check of the scenario may have put its own words in the place of why there was no answer.
        lost = None if status or exception is None else getattr(response, "error", None)
        kind = error_kind(status, lost if isinstance(lost, BaseException) else exception)
        row = ROW.pack(
            start_s,
            start_s + took_s,
            status if 0 <= status < 1000 else 0,  # noqa: PLR2004 - an HTTP status has three digits
            ERRORS.index(kind),
            exception is None,
            self._number(f"{request_type} {name}"),
            int(response_length or 0),
        )
        os.write(self._fd, row)

    def user_error(self, user_instance: Any, exception: BaseException, tb: Any, **_: Any) -> None:  # noqa: ARG002
        """A user's own code raised."""
        self.user_errors += 1
        self.first_error = self.first_error or f"{type(exception).__name__}: {exception}"[:200]

    def _number(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            if len(self._numbers) >= _MOST_TARGETS:
                return self._number("(others)") if name != "(others)" else 0
            number = self._numbers[name] = len(self.names)
            self.names.append(name)
            self._say(event="target", name=name)
        return number


def error_kind(status: int, exception: BaseException | None) -> str:
    """Return the kind of failure, as the engine calls it; empty for a request that was answered.

    Args:
        status: of the answer; 0 without one.
        exception: that the event carries. With a good status it is a check of the scenario that failed.
    """
    if exception is None:
        return ""
    if status:
        return "" if status >= _FIRST_BAD else "check"
    for cause in _causes(exception):
        for kinds, name in _KINDS:
            if isinstance(cause, kinds):
                return name
    text = " ".join(f"{type(cause).__name__} {cause}" for cause in _causes(exception)).lower()
    return next((kind for word, kind in _WORDS if word in text), "protocol")


def _causes(exception: BaseException) -> Iterator[BaseException]:
    """Yield an exception and everything behind it, the innermost first."""
    found: list[BaseException] = []
    left: list[object] = [exception]
    while left:
        one = left.pop()
        if isinstance(one, BaseException) and all(one is not other for other in found):
            found.append(one)
            left += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    yield from reversed(found)

"""The journal: writes what becomes of each request into the spool, and counts."""

from __future__ import annotations

import math
from typing import Final

from gonogo.load.spool import CUT, DONE, FAILED, PICKED, SENT, START_NS, Spool

__all__ = ["CODES", "Journal"]

CODES: Final = {
    kind: code
    for code, kind in enumerate(
        ("", "timeout", "refused", "connect", "reset", "protocol", "dns", "tls", "check", "unsent", "cut")
    )
}
"""gonogo.runs.run.ERRORS by name; not imported from there, because that module imports numpy."""


class Journal:
    """The rows of a run as the engine writes them. Moments are readings of the clock in seconds.

    Attributes:
        start: the run's start; rows have their times from here.
        begun: rows that have been begun, which is the next row's number.
        ended: rows whose end is known.
        room: the most rows that can be written.
    """

    __slots__ = (
        "_bytes_in",
        "_bytes_out",
        "_connection",
        "_done",
        "_due",
        "_error",
        "_failed",
        "_first_byte",
        "_further",
        "_head",
        "_oldest",
        "_queued",
        "_sent",
        "_sent_requests",
        "_spool",
        "_status",
        "_success",
        "_target",
        "begun",
        "ended",
        "room",
        "start",
    )

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._head = spool.head
        seconds, numbers = spool.seconds, spool.numbers
        self._due, self._queued, self._sent = seconds["due_s"], seconds["queued_s"], seconds["sent_s"]
        self._first_byte, self._done = seconds["first_byte_s"], seconds["done_s"]
        self._bytes_in, self._bytes_out = numbers["bytes_in"], numbers["bytes_out"]
        self._connection, self._status = numbers["connection"], numbers["status"]
        self._target, self._error, self._success = numbers["target"], numbers["error"], numbers["success"]
        self._further = spool.further
        self.room = spool.rows
        self.start = math.inf
        self.begun = self.ended = self._failed = self._sent_requests = self._oldest = 0

    def open(self, start: float) -> None:
        """Set the run's start."""
        self.start = start
        self._head[START_NS] = round(start * 1e9)

    def begin(self, due: float, target: int) -> int:
        """Give a request that has become due its row; return the row's number."""
        row = self.begun
        self._due[row] = due - self.start
        if target:  # the rows' memory is 0 already
            self._target[row] = target
        self._error[row] = CUT
        self.begun = self._head[PICKED] = row + 1
        return row

    def keep(self, row: int, values: tuple[tuple[int, int], ...]) -> None:
        """Write the numbers of values into further columns, each by its place."""
        for column, number in values:
            self._further[column][row] = number

    def queued(self, row: int, seconds: float) -> None:
        """Write for how long a request waited for a connection."""
        self._queued[row] = seconds

    def sent(self, row: int, connection: int, now: float, size: int) -> None:
        """Write that the first bytes of a request went out."""
        self._sent[row] = now - self.start
        self._connection[row] = connection
        self._bytes_out[row] = size
        self._sent_requests += 1

    def sent_more(self, row: int, size: int) -> None:
        """Write that more bytes of a request went out."""
        self._bytes_out[row] += size

    def take_back(self, row: int) -> None:
        """Write that a request which went out was never taken and will be sent once more."""
        self._sent[row] = 0.0
        self._sent_requests -= 1

    def received(self, row: int, first_byte: float, size: int) -> None:
        """Write how much of an answer came, and when it began."""
        self._first_byte[row] = first_byte - self.start
        self._bytes_in[row] = size

    def answered(
        self, row: int, status: int, first_byte: float, now: float, size: int, *, success: bool, error: int
    ) -> None:
        """Write the end of a request whose answer is complete; it began at ``first_byte`` and has ``size`` bytes."""
        start = self.start
        self._first_byte[row] = first_byte - start
        self._done[row] = now - start
        self._bytes_in[row] = size
        self._status[row] = status
        if success:
            self._success[row] = True
        else:
            self._failed += 1
        self._error[row] = error
        self.ended += 1

    def failed(self, row: int, kind: str, now: float) -> None:
        """Write the end of a request that has no complete answer."""
        if not self._bytes_in[row]:
            self._first_byte[row] = math.nan
        if not self._sent[row]:
            self._sent[row] = math.nan
            self._connection[row] = -1
        self._done[row] = now - self.start
        self._error[row] = CODES[kind]
        self.ended += 1
        self._failed += 1

    def due(self, row: int) -> float:
        """Return when a request was due."""
        return self.start + self._due[row]

    def oldest_open(self) -> int | None:
        """Return the first row whose end is not known; None when there is none."""
        self._oldest = self._spool.first_open(self._oldest, self.begun)
        return self._oldest if self._oldest < self.begun else None

    def count(self) -> None:
        """Show the counters to whoever watches."""
        head = self._head
        head[SENT], head[DONE], head[FAILED] = self._sent_requests, self.ended, self._failed

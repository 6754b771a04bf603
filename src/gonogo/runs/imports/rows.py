"""Rows of another tool made a run: requests in order of when they were sent, with what is not known left open."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import numpy as np

from gonogo.errors import UsageError
from gonogo.runs.run import ERRORS, Columns, Run, RunFacts

__all__ = ["NOT_TOLD", "Rows", "kind_of_error", "sent_note"]

NOT_TOLD: Final[Mapping[str, str]] = {
    "lag": "does not tell when requests were due, so that nobody knows how late it sent",
    "queued": "does not tell how long requests waited for a connection",
    "mean": "does not tell when requests were due, and a mean without that bounds nothing",
}
"""Why no file of another tool decides these, to follow the tool's name."""

_MOST_STATUS: Final = 999
_MOST_TARGETS: Final = 1000
_OTHERS: Final = "others"
"""Stands for all targets beyond the first thousand: an URL with a number in it is no target of its own."""

_SUCCESS: Final = (200, 399)
_MARKS: Final = (
    ("timeout", ("deadline exceeded", "timeout", "timed out")),
    ("refused", ("refused",)),
    ("dns", ("no such host", "lookup ", "name resolution")),
    ("tls", ("tls:", "x509", "certificate")),
    ("protocol", ("malformed", "protocol error", "unexpected content")),
    ("reset", ("reset by peer", "eof", "broken pipe", "server closed", "remote end closed", "remotedisconnected")),
)


@dataclass(slots=True)
class Rows:
    """Requests as they are read, one element each; times in seconds on the clock of the tool."""

    start_s: list[float] = field(default_factory=list)
    latency_s: list[float] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    error: list[str] = field(default_factory=list)
    bytes_in: list[int] = field(default_factory=list)
    bytes_out: list[int] = field(default_factory=list)
    target: list[int] = field(default_factory=list)
    targets: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        *,
        start_s: float,
        latency_s: float,
        status: int,
        error: str = "",
        bytes_in: int = 0,
        bytes_out: int = 0,
        target: str = "",
    ) -> None:
        """Add a request; ``error`` is a kind of gonogo.runs.run.ERRORS, empty when it was answered.

        Raises:
            ValueError: a figure is none that a request can have.
        """
        if not (math.isfinite(start_s) and 0 <= latency_s < math.inf and 0 <= status <= _MOST_STATUS):
            raise ValueError(f"no request starts at {start_s}, takes {latency_s} s and has the status {status}")
        if target not in self.targets and len(self.targets) >= _MOST_TARGETS:
            target = _OTHERS
        self.start_s.append(start_s)
        self.latency_s.append(latency_s)
        self.status.append(status)
        self.error.append(error)
        self.bytes_in.append(bytes_in)
        self.bytes_out.append(bytes_out)
        self.target.append(self.targets.setdefault(target, len(self.targets)))

    def run(self, name: str, *, epoch: bool, invalid_reason: str = "", cut_short: str = "") -> Run:
        """Return the run of the rows, in order of when they were sent.

        Due times, the timeout and the number of connections are not known: a request counts as due when it was sent,
        and the longest wait seen stands for the timeout.

        Args:
            name: of the run.
            epoch: start_s counts from 1970-01-01 UTC.
            invalid_reason: why the run cannot judge the service; empty when it can.
            cut_short: why the file does not hold the whole load; empty when it does.

        Raises:
            UsageError: there is not one request, or the first was sent at a time that no calendar has.
        """
        if not self.start_s:
            raise UsageError("the file holds no request", where=name, mend="give a file of a load that was driven")
        start = np.array(self.start_s)
        order = np.argsort(start, kind="stable")
        first = float(start[order[0]])
        due = start[order] - first
        latency = np.array(self.latency_s)[order]
        codes = np.array([ERRORS.index(kind) for kind in self.error], np.int8)[order]
        status = np.array(self.status, np.int64)[order].astype(np.int16)
        n, done = len(order), due + latency
        low, high = _SUCCESS
        columns = Columns(
            due_s=due,
            queued_s=np.zeros(n),
            sent_s=np.where(codes == ERRORS.index("unsent"), np.nan, due),
            first_byte_s=np.full(n, np.nan),
            done_s=done,
            status=status,
            error=codes,
            success=(status >= low) & (status <= high) & (codes == 0),
            bytes_in=np.array(self.bytes_in, np.int64)[order],
            bytes_out=np.array(self.bytes_out, np.int64)[order],
            connection=np.full(n, -1, np.int32),
            target=np.array(self.target, np.int16)[order],
        )
        attack_s = float(due[-1])
        facts = RunFacts(
            name=name,
            targets=tuple(self.targets),
            rate=None,
            duration_s=attack_s,
            attack_s=attack_s,
            wait_s=max(0.0, float(np.nanmax(done)) - attack_s),
            timeout_s=float(np.nanmax(latency)),
            connections=0,
            started_at=_date(first, name) if epoch else "",
            cut_short=cut_short,
            valid=not invalid_reason,
            invalid_reason=invalid_reason,
        )
        return Run(columns, facts)


def kind_of_error(text: str) -> str:
    """Return the kind of failure that the error ``text`` of a tool stands for; ``connect`` where it says nothing."""
    lowered = text.lower()
    return next((kind for kind, marks in _MARKS if any(mark in lowered for mark in marks)), "connect")


def sent_note(tool: str) -> str:
    """Return the sentence that tells what shares of an imported run divide by."""
    return f"Shares divide by the requests that {tool} sent: what it should have sent and did not is not in its file."


def target_name(method: str, url: str) -> str:
    """Return ``POST /predict``, as targets are called where nobody named them."""
    return f"{method} {urlsplit(url).path or '/'}".strip()


def _date(time_s: float, name: str) -> str:
    try:
        return datetime.fromtimestamp(time_s, UTC).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"its first request was sent {time_s:g} s after 1970-01-01, which no calendar has",
            where=name,
            mend="give a file that is not damaged",
        ) from error

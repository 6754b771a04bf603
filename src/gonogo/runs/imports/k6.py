"""k6: the points that ``k6 run --out json=FILE`` or ``--out csv=FILE`` writes, put together to requests again.

k6 stamps the points of a request with its end. How long it took for who sent it is the time blocked (in which
connecting and TLS lie) and the duration (sending, waiting, receiving).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gonogo.errors import UsageError
from gonogo.runs.imports.imported import Imported
from gonogo.runs.imports.rows import NOT_TOLD, Rows, kind_of_error, sent_note, target_name
from gonogo.runs.imports.table import records
from gonogo.units import format_count

__all__ = ["read", "recognises"]

_HEADER: Final = b"metric_name,timestamp,metric_value,"
_MS: Final = 1e-3
_MEND: Final = "run k6 again with --out"
_LATE: Final = "k6 counts a latency from when it sent the request, not from when that was due"
_COARSE: Final = "k6 wrote its times in whole seconds; K6_CSV_TIME_FORMAT=unix_micro makes them finer"
_NO_BYTES: Final = "k6 does not tell the bytes of single requests"
_MOST_DROPPED: Final = 0.001
_REQUEST: Final = "http_reqs"
_TIMES: Final = ("http_req_duration", "http_req_blocked")
_CODES: Final = (
    (range(1050, 1051), "timeout"),
    (range(1211, 1212), "timeout"),
    (range(1100, 1200), "dns"),
    (range(1212, 1213), "refused"),
    (range(1200, 1203), "reset"),
    (range(1220, 1221), "reset"),
    (range(1300, 1400), "tls"),
    (range(1400, 1600), ""),
    (range(1600, 1800), "protocol"),
)
"""k6's error codes (documentation, "Error codes") as kinds of failure; 4xx and 5xx were answered."""

_SECOND_DIGITS: Final = 10


@dataclass(slots=True)
class _Point:
    metric: str
    time_s: float
    value: float
    tags: Mapping[str, str]


@dataclass(slots=True)
class _Reading:
    """What was read so far: whole requests, and the one whose points are coming."""

    rows: Rows = field(default_factory=Rows)
    dropped: float = 0.0
    iterations: float = 0.0
    end_s: float = 0.0
    tags: Mapping[str, str] | None = None
    took_ms: dict[str, float] = field(default_factory=dict)

    def take(self, point: _Point) -> None:
        if point.metric == _REQUEST:
            self.finish()
            self.end_s, self.tags, self.took_ms = point.time_s, point.tags, {}
        elif point.metric in _TIMES and self.tags is not None:
            self.took_ms.setdefault(point.metric, point.value)
        elif point.metric == "dropped_iterations":
            self.dropped += point.value
        elif point.metric == "iterations":
            self.iterations += point.value

    def finish(self) -> None:
        """Add the request whose points have all come."""
        tags = self.tags
        if tags is None or "http_req_duration" not in self.took_ms:
            return
        latency_s = sum(self.took_ms.values()) * _MS
        status = int(tags.get("status") or 0)
        self.rows.add(
            start_s=self.end_s - latency_s,
            latency_s=latency_s,
            status=status,
            error=_kind(tags.get("error_code") or "", tags.get("error") or "", status),
            target=target_name(tags.get("method", ""), tags.get("name") or tags.get("url", "")),
        )
        self.tags = None


def recognises(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` holds k6's points."""
    if head.startswith(_HEADER):
        return True
    first = head.split(b"\n", 1)[0]
    try:
        line = json.loads(first) if first.startswith(b"{") else None
    except ValueError:
        return False
    return isinstance(line, dict) and line.get("type") in ("Metric", "Point") and "metric" in line


def read(data: bytes, name: str) -> Imported:
    """Return the run in the bytes of such a file.

    Raises:
        UsageError: it is damaged, or k6 sent no HTTP request.
    """
    is_csv = data.startswith(_HEADER)
    reading, coarse = _Reading(), False
    for point in _csv_points(data, name) if is_csv else _json_points(data, name):
        coarse = coarse or (is_csv and point.metric == _REQUEST and point.time_s == int(point.time_s))
        try:
            reading.take(point)
        except ValueError as error:
            raise UsageError(f"a request of k6 cannot be read: {error}", where=name, mend=_MEND) from error
    reading.finish()
    refused = {name: f"k6 {reason}" for name, reason in NOT_TOLD.items()}
    if coarse:
        refused["throughput"] = _COARSE
    return Imported(
        tool="k6",
        run=reading.rows.run(name, epoch=True, invalid_reason=_dropped(reading)),
        no_due_times=_LATE,
        refused=refused,
        notes=(sent_note("k6"), f"{_NO_BYTES}.", *([f"{_COARSE}."] if coarse else [])),
    )


def _dropped(reading: _Reading) -> str:
    """Return why the run is no measurement of the service: k6 left out iterations that were due."""
    due = reading.dropped + reading.iterations
    if reading.dropped <= _MOST_DROPPED * due:
        return ""
    return f"k6 dropped {format_count(reading.dropped)} of {format_count(due)} iterations that were due"


def _kind(code: str, text: str, status: int) -> str:
    number = int(code) if code.isdecimal() else 0
    if not number and status:
        return ""
    return next((kind for codes, kind in _CODES if number in codes), kind_of_error(text))


def _json_points(data: bytes, name: str) -> Iterator[_Point]:
    for number, line in enumerate(data.splitlines(), 1):
        try:
            one = json.loads(line)
            if one["type"] == "Point":
                inner = one["data"]
                moment = datetime.fromisoformat(inner["time"]).timestamp()
                yield _Point(str(one["metric"]), moment, float(inner["value"]), inner.get("tags") or {})
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(name, number) from error


def _csv_points(data: bytes, name: str) -> Iterator[_Point]:
    for number, cells in records(data, name):
        try:
            value = float(cells["metric_value"])
            yield _Point(cells["metric_name"], _moment(cells["timestamp"]), value, cells)
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(name, number) from error


def _moment(text: str) -> float:
    """Return seconds since 1970 of a time in one of k6's formats: Unix time of any unit, or RFC 3339."""
    if text.isdecimal():
        return float(int(text) / 10 ** max(0, len(text) - _SECOND_DIGITS))
    return datetime.fromisoformat(text).timestamp()


def _damaged(name: str, number: int) -> UsageError:
    return UsageError("this is no point of k6", where=f"{name} line {number}", mend=_MEND)

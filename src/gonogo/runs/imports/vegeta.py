"""Vegeta: results of ``vegeta attack`` in their binary form (Go's gob), as JSON lines or as CSV (``vegeta encode``).

Every result has the time at which vegeta sent it and how long it took from there. When it was due is not recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from gonogo.errors import UsageError
from gonogo.runs.imports.gob import GobError, Stream
from gonogo.runs.imports.imported import Imported
from gonogo.runs.imports.rows import NOT_TOLD, Rows, kind_of_error, sent_note, target_name
from gonogo.runs.imports.table import cells

__all__ = ["read", "recognises"]

_NS: Final = 1e-9
_MEND: Final = "encode the results again, or attack again"
_COLUMNS: Final = 12
_LATE: Final = "vegeta counts a latency from when it sent the request, not from when that was due"
_YEAR_1: Final = 62_135_596_800
"""Seconds from the beginning of year 1, which Go counts from, to 1970-01-01."""

_TIME_BYTES: Final = 15
_KEYS: Final = frozenset({"attack", "seq", "code", "timestamp", "latency"})


def recognises(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` holds vegeta's results."""
    return _is_json(head) or _is_csv(head) or _is_binary(head)


def read(data: bytes, name: str) -> Imported:
    """Return the run in the bytes of such a file.

    Raises:
        UsageError: it is damaged.
    """
    rows, cut_short = Rows(), ""
    if _is_json(data):
        results = _json_results(data, name)
    elif _is_csv(data):
        results = _csv_results(data, name)
    else:
        stream = Stream(data)
        results = _binary_results(stream)
    try:
        for result in results:
            _add(rows, result)
    except GobError as error:
        raise UsageError(error.what, where=name, mend=_MEND) from error
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"a result of vegeta cannot be read: {error}", where=name, mend=_MEND) from error
    if not _is_json(data) and not _is_csv(data) and stream.truncated:
        cut_short = "the file ends inside of a result"
    return Imported(
        tool="vegeta",
        run=rows.run(name, epoch=True, cut_short=cut_short),
        no_due_times=_LATE,
        refused={name: f"vegeta {reason}" for name, reason in NOT_TOLD.items()},
        notes=(sent_note("vegeta"),),
    )


def _add(rows: Rows, result: Mapping[str, Any]) -> None:
    code, text = int(result["code"]), str(result["error"])
    # Vegeta makes an error of a bad status, too; that is no failure to answer.
    failed = bool(text) and (code == 0 or not text.startswith(str(code)))
    rows.add(
        start_s=result["timestamp"],
        latency_s=int(result["latency"]) * _NS,
        status=code,
        error=kind_of_error(text) if failed or code == 0 else "",
        bytes_in=int(result["bytes_in"]),
        bytes_out=int(result["bytes_out"]),
        target=target_name(str(result["method"]), str(result["url"])),
    )


def _is_json(head: bytes) -> bool:
    if not head.startswith(b"{"):
        return False
    try:
        first = json.loads(head.split(b"\n", 1)[0])
    except ValueError:
        return False
    return isinstance(first, dict) and first.keys() >= _KEYS


def _json_results(data: bytes, name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(data.splitlines(), 1):
        try:
            one = json.loads(line)
            yield {
                "bytes_in": 0,
                "bytes_out": 0,
                "error": "",
                "method": "",
                "url": "",
                **one,
                "code": int(one["code"]),
                "latency": int(one["latency"]),
                "timestamp": datetime.fromisoformat(one["timestamp"]).timestamp(),
            }
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(name, number) from error


def _is_csv(head: bytes) -> bool:
    line = head.split(b"\n", 1)[0].split(b",")
    return len(line) == _COLUMNS and all(cell.isdigit() for cell in line[:5]) and len(line[0]) >= 18  # noqa: PLR2004


def _csv_results(data: bytes, name: str) -> Iterator[dict[str, Any]]:
    for number, line in cells(data, name):
        try:
            stamp, code, latency, bytes_out, bytes_in, error, _, _, _, method, url, _ = line
            yield {
                "timestamp": int(stamp) * _NS,
                "code": int(code),
                "latency": int(latency),
                "bytes_out": int(bytes_out),
                "bytes_in": int(bytes_in),
                "error": error,
                "method": method,
                "url": url,
            }
        except ValueError as error:
            raise _damaged(name, number) from error


def _is_binary(head: bytes) -> bool:
    # The first message of the stream declares the type; its name stands in it as it is.
    return b"Result" in head[:64] and b"Attack" in head[:128] and not head[:1].isalpha()


def _binary_results(stream: Stream) -> Iterator[dict[str, Any]]:
    for kind, value in stream.values():
        if kind != "Result" or not isinstance(value, dict):
            raise GobError(f"the stream holds a {kind or 'value'} among vegeta's results")
        yield {
            "timestamp": _moment(value.get("Timestamp", b"")),
            "code": value.get("Code", 0),
            "latency": value.get("Latency", 0),
            "bytes_out": value.get("BytesOut", 0),
            "bytes_in": value.get("BytesIn", 0),
            "error": value.get("Error", ""),
            "method": value.get("Method", ""),
            "url": value.get("URL", ""),
        }


def _moment(marshalled: bytes) -> float:
    """Return seconds since 1970 of a time as Go marshals it: version, seconds since year 1, nanoseconds, zone."""
    if len(marshalled) < _TIME_BYTES or marshalled[0] not in (1, 2):
        raise GobError("a time in vegeta's results cannot be read")
    seconds = int.from_bytes(marshalled[1:9], "big", signed=True) - _YEAR_1
    return seconds + int.from_bytes(marshalled[9:13], "big") * _NS


def _damaged(name: str, number: int) -> UsageError:
    return UsageError("this is no result of vegeta", where=f"{name} line {number}", mend=_MEND)

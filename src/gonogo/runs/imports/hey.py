"""hey: its table of single answers (``-o csv``), and the summary that it prints."""

from __future__ import annotations

import re
from typing import Final

from gonogo.errors import UsageError
from gonogo.runs.imports.imported import Imported, Summary
from gonogo.runs.imports.rows import NOT_TOLD, Rows
from gonogo.runs.imports.table import records

__all__ = ["read", "recognises"]

_HEADER: Final = b"response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset"
_TITLE: Final = b"Summary:"
_ITS: Final = b"Slowest:"
_RESOLUTION_S: Final = 1e-4
_LATE: Final = "hey's workers wait for each answer before they send again, so requests that a stall held up are missing"
_NO_FAILURES: Final = "hey leaves requests without an answer out of its table"
_FIGURES: Final = {"Slowest": "max", "Fastest": "min", "Average": "mean"}
_NUMBER: Final = r"([0-9]+(?:\.[0-9]+)?)"
_SECONDS: Final = re.compile(rf"^\s*(Slowest|Fastest|Average):\s+{_NUMBER} secs", re.MULTILINE)
_PERCENTILE: Final = re.compile(rf"^\s*{_NUMBER}%+ in {_NUMBER} secs", re.MULTILINE)
_RATE: Final = re.compile(rf"^\s*Requests/sec:\s+{_NUMBER}(?![.0-9])", re.MULTILINE)
_STATUS: Final = re.compile(r"^\s*\[([0-9]{3})\]\s+([0-9]+) responses", re.MULTILINE)
_ERROR: Final = re.compile(r"^\s*\[([0-9]+)\]\s+\D", re.MULTILINE)


def recognises(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` is hey's table or what it prints."""
    return head.startswith(_HEADER) or (head.lstrip().startswith(_TITLE) and _ITS in head)


def read(data: bytes, name: str) -> Imported:
    """Return the run, or the summary, in the bytes of such a file.

    Raises:
        UsageError: it is damaged.
    """
    return _table(data, name) if data.startswith(_HEADER) else _printed(data.decode("utf-8", "replace"), name)


def _table(data: bytes, name: str) -> Imported:
    rows = Rows()
    for number, cells in records(data, name):
        try:
            rows.add(
                start_s=float(cells["offset"]),
                latency_s=float(cells["response-time"]),
                status=int(cells["status-code"]),
                target="hey",
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                "this is no line of hey's table", where=f"{name} line {number}", mend="run hey again with -o csv"
            ) from error
    refused = {measure: f"hey {reason}" for measure, reason in NOT_TOLD.items()}
    refused |= dict.fromkeys(("success", "errors", "status"), _NO_FAILURES)
    return Imported(
        tool="hey",
        run=rows.run(name, epoch=False),
        no_due_times=_LATE,
        resolution_s=_RESOLUTION_S,
        refused=refused,
        notes=(f"{_NO_FAILURES}.", "hey rounds times to 0.1 ms."),
    )


def _printed(text: str, name: str) -> Imported:
    statuses = {code: int(count) for code, count in _STATUS.findall(text)}
    failed = sum(int(count) for count in _ERROR.findall(text.partition("Error distribution:")[2]))
    requests = sum(statuses.values()) + failed
    if not requests:
        raise UsageError("hey's summary counts no request", where=name, mend="run hey again")
    good = sum(count for code, count in statuses.items() if code[0] in "23")
    figures = {"requests": float(requests), "success": good / requests}
    figures |= {f"status[{code}]": count / requests for code, count in statuses.items()}
    figures |= {_FIGURES[label]: float(value) for label, value in _SECONDS.findall(text)}
    # Of levels that it has too few requests for, hey prints 0% in 0.0000 secs.
    figures |= {f"p{level}": float(value) for level, value in _PERCENTILE.findall(text) if float(level)}
    rate = _RATE.search(text)
    if rate:
        figures["throughput"] = float(rate.group(1)) * good / requests
    return Imported(
        tool="hey",
        summary=Summary(requests, figures),
        notes=(
            "What hey prints holds no single requests; hey -o csv writes those that were answered.",
            f"{_LATE}.",
        ),
    )

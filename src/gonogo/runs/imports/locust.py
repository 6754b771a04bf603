"""Locust: the tables of ``locust --csv``: statistics and their history. Both are summaries in whole milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gonogo.errors import UsageError
from gonogo.runs.imports.imported import Imported, Summary
from gonogo.runs.imports.table import records

__all__ = ["read", "recognises"]

_STATS: Final = b"Type,Name,Request Count,Failure Count,"
_HISTORY: Final = b"Timestamp,User Count,Type,Name,"
_MS: Final = 1e-3
_TOTAL: Final = "Aggregated"
_PERCENTILES: Final = {"50%": "p50", "75%": "p75", "80%": "p80", "90%": "p90", "95%": "p95", "98%": "p98"} | {
    "99%": "p99",
    "99.9%": "p99.9",
}
_PLAIN: Final = {
    "Average Response Time": "mean",
    "Min Response Time": "min",
    "Max Response Time": "max",
}


def recognises(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` is one of Locust's tables."""
    return head.startswith((_STATS, _HISTORY))


def read(data: bytes, name: str) -> Imported:
    """Return the summary in the bytes of such a file: the line for all requests together.

    Raises:
        UsageError: it has no such line, or it cannot be read.
    """
    history = data.startswith(_HISTORY)
    lines = [line for _, line in records(data, name) if line.get("Name") == _TOTAL]
    if not lines:
        raise UsageError("Locust's table has no line for all requests together", where=name, mend="run Locust again")
    try:
        requests, figures = _history(lines[-1]) if history else _stats(lines[-1])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"Locust's table cannot be read: {error}", where=name, mend="run Locust again") from error
    kind = "the history of its statistics" if history else "its statistics"
    return Imported(
        tool="Locust",
        summary=Summary(requests, figures),
        notes=(
            f"The file holds Locust's {kind}, no single requests; percentiles are rounded to two digits.",
            "Locust's users wait for each answer before they send again, so a stalled service is asked less.",
        ),
    )


def _stats(line: Mapping[str, str]) -> tuple[int, dict[str, float]]:
    requests = int(line["Request Count"])
    figures = {measure: float(line[column]) * _MS for column, measure in _PERCENTILES.items()}
    figures |= {measure: float(line[column]) * _MS for column, measure in _PLAIN.items()}
    return requests, figures | _counts(requests, int(line["Failure Count"]), float(line["Requests/s"]))


def _history(line: Mapping[str, str]) -> tuple[int, dict[str, float]]:
    # Its percentiles are those of the last seconds, not of the whole load.
    requests = int(line["Total Request Count"])
    figures = {measure: float(line[f"Total {column}"]) * _MS for column, measure in _PLAIN.items()}
    return requests, figures | _counts(requests, int(line["Total Failure Count"]), None)


def _counts(requests: int, failures: int, rate: float | None) -> dict[str, float]:
    share = failures / requests if requests else 0.0
    counted = {"requests": float(requests), "success": 1 - share}
    return counted if rate is None else counted | {"throughput": rate * (1 - share)}

"""wrk: the summary that it prints, with the percentiles of ``--latency`` where it was given."""

from __future__ import annotations

import re
from typing import Final

from gonogo.errors import UsageError
from gonogo.runs.imports.imported import Imported, Summary
from gonogo.units import parse_duration

__all__ = ["read", "recognises"]

_TITLE: Final = re.compile(rb"^Running \S+ test @ ", re.MULTILINE)
_REQUESTS: Final = re.compile(r"^\s*([0-9]+) requests in ([0-9.]+[a-z]+),", re.MULTILINE)
_LATENCY: Final = re.compile(r"^\s*Latency\s+([0-9.]+[a-z]+)\s+[0-9.]+[a-z]+\s+([0-9.]+[a-z]+)", re.MULTILINE)
_PERCENTILE: Final = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)%\s+([0-9.]+[a-z]+)\s*$", re.MULTILINE)
_ERRORS: Final = re.compile(r"Socket errors: connect ([0-9]+), read ([0-9]+), write ([0-9]+), timeout ([0-9]+)")
_BAD: Final = re.compile(r"Non-2xx or 3xx responses: ([0-9]+)")


def recognises(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` is what wrk prints."""
    return _TITLE.search(head[:400]) is not None and b"connections" in head


def read(data: bytes, name: str) -> Imported:
    """Return the summary in the bytes of such a file.

    Raises:
        UsageError: it does not say how many requests were sent.
    """
    text = data.decode("utf-8", "replace")
    found = _REQUESTS.search(text)
    if found is None:
        raise UsageError(
            "wrk's summary does not say how many requests it sent", where=name, mend="let wrk end by itself"
        )
    answered, seconds = int(found.group(1)), parse_duration(found.group(2))
    errors, bad = _ERRORS.search(text), _BAD.search(text)
    # A timeout is counted by wrk for requests that it still waits for: these are among the answered ones or lost.
    failed = sum(map(int, errors.groups())) if errors else 0
    good = answered - (int(bad.group(1)) if bad else 0)
    requests = answered + failed
    figures = {"requests": float(requests), "success": good / requests if requests else 0.0}
    if seconds > 0:
        figures["throughput"] = good / seconds
    latency = _LATENCY.search(text)
    if latency:
        figures |= {"mean": parse_duration(latency.group(1)), "max": parse_duration(latency.group(2))}
    figures |= {f"p{float(level):g}": parse_duration(value) for level, value in _PERCENTILE.findall(text)}
    return Imported(
        tool="wrk",
        summary=Summary(requests, figures),
        notes=(
            "What wrk prints holds no single requests.",
            "wrk's connections wait for each answer before they send again, so a stalled service is asked less.",
        ),
    )

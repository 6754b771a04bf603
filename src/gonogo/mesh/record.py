"""Access records of the sidecar: one JSON object for each request, from Envoy and from Nginx alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gonogo.errors import UsageError

__all__ = ["AccessRecord", "access_record", "trace"]


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """What became of one request at the sidecar.

    Attributes:
        time: when it arrived (Envoy) or was answered (Nginx), ISO 8601.
        status: the client's; 0 when it left before there was one.
        flags: Envoy's response flags, empty for an answer of the service itself.
        service, subset: of the destination; empty when no route took the request.
        upstream: address and port of the replica; empty when none was asked.
        attempts: replicas that were asked, retries included.
        duration_s: until the whole answer was sent.
    """

    time: str
    request_id: str
    method: str
    path: str
    authority: str
    status: int
    flags: frozenset[str]
    route: str
    service: str
    subset: str
    upstream: str
    attempts: int
    duration_s: float
    bytes_in: int
    bytes_out: int

    @property
    def rejected(self) -> bool:
        """Whether the breaker turned it away."""
        return "UO" in self.flags

    @property
    def unhealthy(self) -> bool:
        """Whether there was no healthy replica to ask."""
        return "UH" in self.flags


def access_record(line: str) -> AccessRecord:
    """Return the record that ``line`` of an access log holds.

    Raises:
        UsageError: the line is no record.
    """
    try:
        fields = json.loads(line)
        asked = [entry.strip() for entry in _text(fields, "upstream").split(",") if entry.strip()]
        attempts = fields.get("attempts")
        in_ms = "duration_ms" in fields
        return AccessRecord(
            **{name: _text(fields, name) for name in ("time", "request_id", "method", "path", "authority")},
            **{name: _text(fields, name) for name in ("route", "service", "subset")},
            status=int(fields["status"] or 0),
            flags=frozenset(flag for flag in _text(fields, "flags").split(",") if flag not in ("", "-")),
            upstream=asked[-1] if asked else "",
            attempts=len(asked) if attempts is None else int(attempts),
            duration_s=float(fields["duration_ms"] or 0) / 1000 if in_ms else float(fields["duration_s"]),
            bytes_in=int(fields["bytes_in"] or 0),
            bytes_out=int(fields["bytes_out"] or 0),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{line[:80]!r} is no access record", mend="give a line of the sidecar's access log"
        ) from error


def trace(line: str) -> tuple[str, str, str, str, str]:
    """Return what joins a record to its request, at a third of the cost of the whole record.

    Returns:
        The request's id; flags, sorted and separated by commas; service; subset; the last replica that was asked.

    Raises:
        UsageError: the line is no record.
    """
    try:
        fields = json.loads(line)
        flags, upstream = fields["flags"] or "", fields["upstream"] or ""
        if flags == "-":
            flags = ""
        elif "," in flags:
            flags = ",".join(sorted(flags.split(",")))
        if upstream == "-" or "," in upstream:
            asked = [entry.strip() for entry in upstream.split(",") if entry.strip() not in ("", "-")]
            upstream = asked[-1] if asked else ""
        return fields["request_id"] or "", flags, fields["service"] or "", fields["subset"] or "", upstream
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{line[:80]!r} is no access record", mend="give a line of the sidecar's access log"
        ) from error


def _text(fields: Mapping[str, Any], name: str) -> str:
    return str(fields[name] or "")

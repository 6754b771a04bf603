"""Captured requests as values, whether a capturing proxy tells of them or a service's own log does."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gonogo.errors import UsageError

__all__ = ["Body", "Captured", "Captures", "captured", "proxy_line"]


@dataclass(frozen=True, slots=True)
class Body:
    """A body, or its first part.

    Attributes:
        size: bytes of the whole body.
    """

    content: bytes = b""
    size: int = 0

    @property
    def whole(self) -> bool:
        """Whether all of it was kept."""
        return len(self.content) == self.size


@dataclass(frozen=True, slots=True)
class Captured:
    """One request as it came to one replica.

    Attributes:
        replica: address and port.
        began_s: when its head came, seconds since 1970.
        latency_s: until the last byte of the answer was sent; None while the request goes on and when it never ended.
        status: of the answer; 0 when there was none.
        flags: Envoy's response flags; empty for an answer of the replica itself.
        headers: those that the scope keeps, by column; None where the request has none.
        model: what answered, where that is told beside the answer.
    """

    replica: str
    request_id: str
    began_s: float
    latency_s: float | None = None
    status: int = 0
    flags: str = ""
    method: str = ""
    path: str = ""
    request: Body = Body()
    answer: Body | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    model: str = ""

    @property
    def ended(self) -> bool:
        """Whether it is known what became of it."""
        return self.latency_s is not None

    @property
    def succeeded(self) -> bool:
        """Whether the replica answered with a status of 200 to 399, and the answer was sent whole."""
        return self.ended and 200 <= self.status < 400 and self.answer is not None and not self.flags  # noqa: PLR2004


class Captures:
    """Captured requests, gathered as they become known."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, float], Captured] = {}

    def __len__(self) -> int:
        return len(self._found)

    def take(self, news: Iterable[Captured]) -> None:
        """Take requests; one that began and of which nothing more is told has not ended."""
        for one in news:
            key = (one.replica, one.request_id, one.began_s)
            if one.ended:
                self._found[key] = one
            else:
                self._found.setdefault(key, one)

    def add(self, lines: Iterable[str | bytes]) -> None:
        """Take the requests that the ``lines`` of a capturing proxy tell of.

        Raises:
            UsageError: a line is none of a capturing proxy.
        """
        self.take(map(proxy_line, lines))

    def since(self, began_s: float = 0.0) -> tuple[Captured, ...]:
        """Return those that began at ``began_s`` (seconds since 1970) or later, in order."""
        return tuple(
            sorted((one for one in self._found.values() if one.began_s >= began_s), key=lambda one: one.began_s)
        )


def captured(lines: Iterable[str | bytes]) -> tuple[Captured, ...]:
    """Return the requests that ``lines`` tell of, in order of their beginning.

    Raises:
        UsageError: a line is none of a capturing proxy.
    """
    found = Captures()
    found.add(lines)
    return found.since()


def proxy_line(line: str | bytes) -> Captured:
    """Return the request of which a line of a capturing proxy tells.

    Raises:
        UsageError: it is no such line.
    """
    try:
        fields = json.loads(line)
        return _ended(fields) if fields["event"] == "ended" else _begun(fields)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        text = line if isinstance(line, str) else line.decode(errors="replace")
        raise UsageError(f"{text[:80]!r} is no captured request", mend="give the lines of a capture") from error


def _begun(fields: Mapping[str, Any]) -> Captured:
    return Captured(str(fields["replica"]), str(fields["request_id"] or ""), float(fields["time"]))


def _ended(fields: Mapping[str, Any]) -> Captured:
    latency = fields["latency_us"]
    flags = str(fields["flags"] or "-")
    return Captured(
        replica=str(fields["replica"]),
        request_id=str(fields["request_id"] or ""),
        began_s=float(fields["time"]),
        # A request without an answer has no last byte of it: its end is known and its duration is not.
        latency_s=float("inf") if latency is None else float(latency) / 1e6,
        status=int(fields["status"] or 0),
        flags="" if flags == "-" else flags,
        method=str(fields["method"] or ""),
        path=str(fields["path"] or ""),
        request=_body(fields, "request") or Body(),
        answer=_body(fields, "answer"),
        headers={str(name): None if value is None else str(value) for name, value in fields["headers"].items()},
    )


def _body(fields: Mapping[str, Any], name: str) -> Body | None:
    if fields[f"{name}_bytes"] is None:
        return None
    return Body(base64.b64decode(fields[name] or ""), int(fields[f"{name}_bytes"]))

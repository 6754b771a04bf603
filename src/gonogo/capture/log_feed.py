"""A service's own log of predictions as a source of captured requests."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from gonogo.capture.feed import Gap
from gonogo.capture.inlet import Scope
from gonogo.capture.reading import Reading
from gonogo.capture.record import Body, Captured
from gonogo.capture.tail import Tail
from gonogo.manifests.prediction_log import LogFields

__all__ = ["LogFeed"]

_SUCCESS: Final = range(200, 400)
_MS: Final = 1e3


class _Missing:
    """Stands for what a line does not have."""


_MISSING: Final = _Missing()


class LogFeed:
    """Reads the lines of one replica's log that are predictions, and counts what is missing in them and between them.

    Other lines are left out: a service writes more than its predictions.

    Args:
        tail: of the file.
        replica: whose log it is, as ``address:port``.
        where: paths in the lines.
        reading: where the rows of an input stand in a request.
        scope: which headers are kept, and how much of a body.
    """

    def __init__(self, tail: Tail, replica: str, where: LogFields, reading: Reading, scope: Scope) -> None:
        self._tail = tail
        self._replica = replica
        self._where = where
        self._reading = reading
        self._scope = scope
        self._sequences: dict[str, int] = {}
        self._forget()

    def skip(self) -> None:
        """Leave out what is there by now; numbers of lines are counted on from it."""
        self.news()
        self._forget()

    def news(self) -> Sequence[Captured]:
        """Return what has come since the last look."""
        return [one for line in self._tail.lines() for one in self._read(line)]

    def gap(self) -> Gap:
        """Return what it could not tell since the last ``skip``."""
        return Gap(self._seen, self._lost, tuple(sorted(self._lacking.items())))

    def shorten(self) -> None:
        """Leave the file as it is: it is the service's."""

    def _forget(self) -> None:
        self._seen = self._lost = 0
        self._lacking: Counter[str] = Counter()

    def _read(self, line: bytes) -> Iterator[Captured]:
        start = line.find(b"{")
        # Where several containers share a log, its lines begin with the container's name.
        if start < 0:
            return
        try:
            fields = json.loads(line[start:])
        except (ValueError, RecursionError):
            return
        if not isinstance(fields, dict):
            return
        lost = self._at(fields, self._where.lost)
        if isinstance(lost, int) and not isinstance(lost, bool) and lost > 0:
            if not self._where.sequence:  # numbers of lines count lost ones already
                self._lost += lost
            return
        request_id = self._at(fields, self._where.request_id)
        if isinstance(request_id, _Missing):
            return
        self._count(fields)
        if request_id is None:
            return
        self._seen += 1
        yield self._captured(str(request_id), fields)

    def _count(self, fields: dict[str, Any]) -> None:
        """Note the line's number, and how many have been left out before it."""
        number = self._at(fields, self._where.sequence)
        if not isinstance(number, int) or isinstance(number, bool):
            return
        worker = str(self._at(fields, self._where.worker))
        last = self._sequences.get(worker, 0)
        self._lost += max(0, number - last - 1)
        self._sequences[worker] = max(last, number)

    def _captured(self, request_id: str, fields: dict[str, Any]) -> Captured:
        status = self._number(fields, "status")
        latency_s = self._latency_s(fields)
        succeeded = status is not None and status in _SUCCESS
        answer = self._needed(fields, "answer", wanted=succeeded)
        rows = self._needed(fields, "input", wanted=succeeded)
        asked = None if rows is None else json.dumps(_nested(self._reading.input, rows)).encode()
        said = None if answer is None else json.dumps(answer).encode()
        ended_s = self._moment(fields)
        return Captured(
            replica=self._replica,
            request_id=request_id,
            began_s=ended_s - (latency_s if latency_s is not None and math.isfinite(latency_s) else 0.0),
            latency_s=latency_s,
            status=int(status or 0),
            method=str(self._needed(fields, "method") or ""),
            path=str(self._needed(fields, "path") or ""),
            request=self._body(asked) or Body(),
            answer=self._body(said),
            headers=dict(self._headers(fields)),
            model=str(self._needed(fields, "model") or ""),
        )

    def _headers(self, fields: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
        for column, header in self._scope.headers:
            own = self._where.user_id if column == "user_id" else ""
            path = own or (f"{self._where.headers}.{header.lower()}" if self._where.headers else "")
            value = self._at(fields, path)
            if isinstance(value, _Missing):
                self._lacking[path or f"headers.{header.lower()}"] += 1
            yield column, None if value is None or isinstance(value, _Missing) else str(value)

    def _latency_s(self, fields: dict[str, Any]) -> float | None:
        in_ms = bool(self._where.latency_ms)
        given = self._number(fields, "latency_ms" if in_ms else "latency_s")
        return given if given is None or not in_ms else given / _MS

    def _moment(self, fields: dict[str, Any]) -> float:
        given = self._needed(fields, "time")
        if isinstance(given, int | float) and not isinstance(given, bool):
            return float(given)
        try:
            moment = datetime.fromisoformat(str(given))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            if given is not None:
                self._lacking[self._where.time] += 1
            return 0.0
        return moment.timestamp()

    def _number(self, fields: dict[str, Any], name: str) -> float | None:
        given = self._needed(fields, name)
        if given is None:
            return None
        if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
            self._lacking[getattr(self._where, name)] += 1
            return None
        return float(given)

    def _needed(self, fields: dict[str, Any], name: str, *, wanted: bool = True) -> Any:  # noqa: ANN401 - JSON
        """Return the value of a field, None where the line lacks it, which is noted where it is ``wanted``."""
        path = getattr(self._where, name)
        value = self._at(fields, path)
        if value is None or isinstance(value, _Missing):
            if wanted:
                self._lacking[path or name] += 1
            return None
        return value

    def _at(self, fields: Any, path: str) -> Any:  # noqa: ANN401 - JSON
        if not path:
            return _MISSING
        value = fields
        for step in path.split("."):
            try:
                value = value[int(step)] if isinstance(value, list) else value[step]
            except (LookupError, TypeError, ValueError):
                return _MISSING
        return value

    def _body(self, content: bytes | None) -> Body | None:
        return None if content is None else Body(content[: self._scope.kept_bytes], len(content))


def _nested(path: str, value: object) -> object:
    """Return JSON that has ``value`` where ``path`` says."""
    for step in reversed(path.split(".") if path else []):
        value = {step: value}
    return value

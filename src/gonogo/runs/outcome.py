"""Outcome events: what users did next, one JSON object a line or one row of CSV."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gonogo.errors import UsageError

__all__ = ["OUTCOMES", "OutcomeEvent", "append_events", "event_of", "read_events"]

OUTCOMES: Final = "outcomes.jsonl"
"""File beside a run's rows that keeps its events."""

_MEND: Final = 'write {"event": "click", "at": "2025-01-31T09:30:00Z", "user": "17"}, or request_id in place of user'
_FIELDS: Final = ("event", "at", "user", "request_id")
_LONGEST: Final = 256


@dataclass(frozen=True, slots=True)
class OutcomeEvent:
    """Something that a user did after an answer.

    Attributes:
        event: what: ``click``, ``purchase``.
        at: when, as ISO 8601 with its offset from UTC.
        user: who; empty when only the request is known.
        request_id: after which request; empty when only the user is known.
    """

    event: str
    at: str
    user: str = ""
    request_id: str = ""

    def __post_init__(self) -> None:
        if not self.event or any(sign.isspace() or sign in ":[]," for sign in self.event):
            raise UsageError(f"{self.event!r} is no kind of event", mend="name it with one word, such as click")
        if not self.user and not self.request_id:
            raise UsageError("an event of nobody", where=self.event, mend=_MEND)
        if any(len(getattr(self, name)) > _LONGEST for name in _FIELDS):
            raise UsageError("a field of an event is too long", where=self.event[:40], mend=f"use at most {_LONGEST}")
        self.moment()

    def moment(self) -> datetime:
        """Return when it was, in UTC.

        Raises:
            UsageError: ``at`` is no time with an offset.
        """
        try:
            moment = datetime.fromisoformat(self.at)
        except ValueError:
            moment = datetime.min  # noqa: DTZ901 - has no offset, so it is refused below
        if moment.tzinfo is None:
            raise UsageError(f"{self.at!r} is no time with an offset from UTC", where=self.event, mend=_MEND)
        return moment.astimezone(UTC)


def event_of(given: object, *, where: str) -> OutcomeEvent:
    """Return the event that a JSON object says; further fields are left out.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(given, dict):
        raise UsageError("it is no JSON object", where=where, mend=_MEND)
    fields = {name: given.get(name) for name in _FIELDS}
    texts = {name: "" if value is None else str(value) for name, value in fields.items()}
    if any(isinstance(value, dict | list | bool) for value in fields.values()):
        raise UsageError("a field is neither text nor a number", where=where, mend=_MEND)
    try:
        return OutcomeEvent(**texts)
    except UsageError as error:
        raise UsageError(error.what, where=where, mend=error.mend) from error


def read_events(path: Path) -> tuple[OutcomeEvent, ...]:
    """Return the events in a ``.jsonl`` or ``.csv`` file (its first line names the fields).

    Raises:
        UsageError: it cannot be read, or a line is no event.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"it cannot be read: {error}", where=str(path), mend="give a .jsonl or .csv file") from error
    if path.suffix == ".csv":
        rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
        return tuple(event_of(dict(row), where=f"{path}:{number}") for number, row in enumerate(rows, start=2))
    return tuple(
        event_of(_json(line, f"{path}:{number}"), where=f"{path}:{number}")
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    )


def append_events(folder: Path, events: Sequence[OutcomeEvent] | Iterable[OutcomeEvent]) -> int:
    """Keep ``events`` beside the run in ``folder`` and return how many; they are on the disk when this returns.

    Raises:
        UsageError: the folder cannot be written.
    """
    lines = [json.dumps({key: value for key, value in asdict(one).items() if value}) + "\n" for one in events]
    try:
        with (folder / OUTCOMES).open("a", encoding="utf-8") as file:
            # In one write, so that two writers do not mix their lines.
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(
            f"events cannot be kept: {error.strerror or error}", where=str(folder), mend="give a run's folder"
        ) from error
    return len(lines)


def _json(line: str, where: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError("it is no JSON", where=where, mend=_MEND) from error

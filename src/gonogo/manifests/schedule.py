"""Schedules of CronJobs: five fields as Kubernetes reads them, and the moments that they mean.

Syntax: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax and the parser behind it,
https://pkg.go.dev/github.com/robfig/cron/v3 (``ParseStandard``): no names of zones inside the text, Sunday is 0 and
never 7, ``N/step`` runs to the end of the range, and where both day fields are limited either may match. Moments are
computed by cronsim; where clocks go forward it runs at once what Kubernetes leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from gonogo.errors import GrammarError
from gonogo.units import parse_duration

__all__ = ["Schedule"]

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Final[tuple[tuple[str, int, int, Mapping[str, int]], ...]] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    ("day of the week", 0, 6, {name: number for number, name in enumerate(_DAYS)}),
)
_MACROS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PART: Final = re.compile(r"(?P<first>[*?]|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>[0-9]{1,4}))?")
_EVERY: Final = "@every "


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a CronJob is due.

    Attributes:
        text: as the manifest has it.
        zone: IANA name of the time zone; empty: UTC, which is what clusters run in unless told otherwise.
    """

    text: str
    zone: str = ""

    def __post_init__(self) -> None:
        """Read it once.

        Raises:
            GrammarError: Kubernetes would refuse the schedule or the zone.
        """
        if not self.text.startswith(_EVERY):
            _canonical(self.text)
        elif parse_duration(self.text.removeprefix(_EVERY)) < 1:
            raise GrammarError(f"{self.text!r} is shorter than a second", mend="write at least @every 1s")
        _zone(self.zone)

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the moments at which it is due after ``moment`` (which has a zone), in the schedule's own zone."""
        local = moment.astimezone(_zone(self.zone))
        if not self.text.startswith(_EVERY):
            # A day that no month has, such as 30 February, is an error to cronsim and never comes to Kubernetes.
            with suppress(CronSimError):
                yield from CronSim(_canonical(self.text), local)
            return
        # robfig/cron counts whole seconds from the last start.
        step = timedelta(seconds=int(parse_duration(self.text.removeprefix(_EVERY))))
        due = local.replace(microsecond=0)
        while True:
            due += step
            yield due

    def next_times(self, moment: datetime, count: int) -> tuple[datetime, ...]:
        """Return the next ``count`` moments after ``moment``; fewer when there are no more (30 February)."""
        return tuple(islice(self.after(moment), count))


def _canonical(text: str) -> str:
    """Return the five fields as ``*`` or lists of numbers, which every reader of cron tables understands alike."""
    if "TZ=" in text:
        raise GrammarError(f"{text!r} names a time zone: Kubernetes refuses that", mend="write it in spec.timeZone")
    fields = _MACROS.get(text.strip(), text).split()
    if len(fields) != len(_FIELDS):
        macros = ", ".join(sorted(_MACROS))
        raise GrammarError(
            f"{text!r} has {len(fields)} fields where a schedule has 5",
            mend=f"write minute, hour, day, month and weekday, such as 19 * * * *, or one of {macros}",
        )
    return " ".join(_numbers(given, text, *field) for given, field in zip(fields, _FIELDS, strict=True))


def _numbers(given: str, text: str, name: str, low: int, high: int, names: Mapping[str, int]) -> str:
    chosen: set[int] = set()
    for part in given.split(","):
        match = _PART.fullmatch(part)
        ends = match and _ends(match, low, high, names)
        if not match or not ends or not low <= ends[0] <= ends[1] <= high or match["step"] in ("0", "00", "000"):
            raise GrammarError(
                f"{part!r} is no {name} of the schedule {text!r}",
                mend=f"write a number from {low} to {high}, a range such as {low}-{low + 1}, a step such as */2, or *",
            )
        step = int(match["step"] or 1)
        # As its parser has it: a star with a step limits the field, so that either day field may match.
        if match["first"] in "*?" and step == 1:
            return "*"
        chosen |= set(range(ends[0], ends[1] + 1, step))
    return ",".join(map(str, sorted(chosen)))


def _ends(match: re.Match[str], low: int, high: int, names: Mapping[str, int]) -> tuple[int, int] | None:
    if match["first"] in "*?":
        return None if match["last"] else (low, high)
    known = [names.get(word.lower(), word) for word in (match["first"], match["last"]) if word]
    if not all(isinstance(word, int) or (word.isascii() and word.isdecimal()) for word in known):
        return None
    first, *last = (int(word) for word in known)
    return first, last[0] if last else high if match["step"] else first


def _zone(name: str) -> tzinfo:
    if name in ("", "UTC"):
        return UTC  # known without a data base of zones
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise GrammarError(
            f"there is no time zone {name!r}", mend="write a name of the IANA data base, such as Europe/Berlin"
        ) from error

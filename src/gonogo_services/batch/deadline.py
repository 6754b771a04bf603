"""Whether a job will be done by its deadline, and what follows from that."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gonogo_services.batch.pace import Estimate
from gonogo_services.errors import SettingsError

__all__ = ["ON_DEADLINE", "REFUSE", "SCALE", "WARN", "Forecast", "foresee", "parse_deadline", "seconds"]

REFUSE: Final = "refuse"
WARN: Final = "warn"
SCALE: Final = "scale"
ON_DEADLINE: Final = (REFUSE, WARN, SCALE)

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TWO_MINUTES_S = 120
_TENTHS_BELOW_S = 10


@dataclass(frozen=True, slots=True)
class Forecast:
    """What can be said of a deadline.

    Attributes:
        in_time: the whole interval of the finish lies before it.
        late: the expected finish lies after it.
        jobs: how many jobs like this one would be done before it, if twice the jobs did twice the rows.
        sentence: all of that for people.
    """

    in_time: bool
    late: bool
    jobs: int
    sentence: str


def parse_deadline(text: str, now: datetime) -> datetime:
    """Return the moment that ``text`` says: ``2026-03-01T06:00:00+01:00`` (UTC without a zone), or ``90s``, ``2h``.

    Raises:
        SettingsError: it says neither.
    """
    duration = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)([smhd])", text)
    if duration:
        return now + timedelta(seconds=float(duration[1]) * _UNITS[duration[2]])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"the deadline {text!r} is no moment; write 2026-03-01T06:00:00Z, or a duration from now such as 45m"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def foresee(estimate: Estimate, left_s: float) -> Forecast:
    """Return the forecast for work of which ``estimate`` says how long it takes, ``left_s`` seconds before the end."""
    jobs = max(1, math.ceil(estimate.high_s / left_s)) if left_s > 0 else 0
    needed = f"{seconds(estimate.expected_s)} ({seconds(estimate.low_s)} to {seconds(estimate.high_s)})"
    if left_s <= 0:
        sentence = f"the deadline was {seconds(-left_s)} ago and the rows need {needed}"
    else:
        sentence = f"the rows need {needed} and the deadline is in {seconds(left_s)}"
    return Forecast(estimate.high_s <= left_s, estimate.expected_s > left_s, jobs, sentence)


def seconds(duration_s: float) -> str:
    """Return a duration for people: ``0.42 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if duration_s < _TENTHS_BELOW_S:
        return f"{duration_s:.2g} s"
    whole = round(duration_s)
    if whole < _TWO_MINUTES_S:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < _TWO_MINUTES_S:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"

"""A rate that changes: stages of constant, rising or falling rate, and how people write them.

==========================================  ==============================================================
written                                     the rate
==========================================  ==============================================================
``100``, ``480/s``, ``6000/min``            constant
``max``                                     none: a closed loop
``100..1000``                               rises evenly over the run's duration
``100 for 10s, 500 for 10s``                steps
``0..500 for 30s, 500 for 1m, 500..0 for 30s``  ramps and steps, one after the other
==========================================  ==============================================================

In Python: ``ramp(100, 1000)``, ``steps([(100, "10s"), (500, "10s")])``; two profiles of stages with durations can be
added: ``ramp(0, 500, "30s") + steps([(500, "1m")])``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from gonogo.errors import GrammarError, UsageError
from gonogo.units import format_duration, parse_duration, parse_rate

__all__ = ["Profile", "Stage", "parse_load_rate", "ramp", "steps"]

_MEND = "write 100, max, 100..1000, or stages such as '0..500 for 30s, 500 for 1m'"


@dataclass(frozen=True, slots=True)
class Stage:
    """A time in which the rate changes evenly from one value to another.

    Attributes:
        begin: requests per second at its begin; may be 0.
        end: requests per second at its end.
        duration_s: how long it lasts; None, for the only stage of a profile: as long as the run.
    """

    begin: float
    end: float
    duration_s: float | None = None

    def __post_init__(self) -> None:
        for rate in (self.begin, self.end):
            if not (math.isfinite(rate) and rate >= 0):
                raise UsageError(f"rate {rate} is below 0", mend="give requests per second, 0 or more")
        if self.duration_s is not None and not (math.isfinite(self.duration_s) and self.duration_s > 0):
            raise UsageError(f"a stage of {self.duration_s} s", mend="give each stage a duration above 0")

    def __str__(self) -> str:
        """As people write it."""
        rate = f"{self.begin:g}" if self.begin == self.end else f"{self.begin:g}..{self.end:g}"
        return rate if self.duration_s is None else f"{rate} for {format_duration(self.duration_s).replace(' ', '')}"


@dataclass(frozen=True, slots=True)
class Profile:
    """Stages, one after the other.

    Raises:
        UsageError: there is none, none has a rate above 0, or one of several has no duration.
    """

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        if not self.stages or not any(stage.begin or stage.end for stage in self.stages):
            raise UsageError("a rate that is 0 all the time", mend="give at least one stage a rate above 0")
        if len(self.stages) > 1 and any(stage.duration_s is None for stage in self.stages):
            raise UsageError("one of several stages has no duration", mend="write such as '100 for 10s, 500 for 10s'")

    def __str__(self) -> str:
        """As people write it."""
        return ", ".join(map(str, self.stages))

    def __add__(self, other: Profile) -> Profile:
        """Return the stages of both, one after the other."""
        return Profile(self.stages + other.stages)

    @property
    def duration_s(self) -> float | None:
        """Seconds of all stages together; None when it is the run that says so."""
        lengths = [stage.duration_s for stage in self.stages]
        return None if None in lengths else math.fsum(length for length in lengths if length is not None)

    def lasting(self, duration_s: float) -> Profile:
        """Return this profile stretched or shortened to a duration: the same rates, each for its share of the time."""
        whole = self.duration_s
        if whole is None:
            return Profile((replace(self.stages[0], duration_s=duration_s),))
        if whole == duration_s:
            return self
        factor = duration_s / whole
        return Profile(tuple(replace(one, duration_s=(one.duration_s or 0.0) * factor) for one in self.stages))

    def requests(self, duration_s: float) -> float:
        """Return the area under the rate over a duration: how many requests are due in it."""
        return float(_area(self.lasting(duration_s).stages))

    def due_times(self, positions: Iterable[float], duration_s: float) -> Iterator[float]:
        """Yield when the area under the rate has reached each of ``positions``.

        That is the inverse of the rate's integral: of the whole numbers it makes evenly spaced arrivals, of a Poisson
        process of rate 1 a Poisson process of this rate (Çinlar, Introduction to Stochastic Processes, 1975, 4.7).
        A position that the area keeps during a pause is reached at the pause's end. Ends when the area is used up.

        Args:
            positions: rising numbers, 0 or more.
            duration_s: seconds over which the profile extends.
        """
        table = iter(_table(self.lasting(duration_s).stages))
        begun = begin = rise = offset = limit = 0.0
        for position in positions:
            while position >= limit:
                row = next(table, None)
                if row is None:
                    return
                begun, begin, rise, offset, limit = row
            inside = position - offset
            # The root of begin * t + rise / 2 * t² = inside, in the form that loses no digits.
            root = math.sqrt(max(0.0, begin * begin + 2.0 * rise * inside))
            yield begun + (2.0 * inside / (begin + root) if inside else 0.0)


def ramp(begin: float | str, end: float | str, duration: float | str | None = None) -> Profile:
    """Return a rate that changes evenly from ``begin`` to ``end``; over the run's duration unless one is given."""
    length = None if duration is None else parse_duration(duration)
    return Profile((Stage(_per_second(begin), _per_second(end), length),))


def steps(stages: Sequence[tuple[float | str, float | str]]) -> Profile:
    """Return a rate in steps, each a rate and a duration: ``steps([(100, "10s"), (500, "10s")])``."""
    made = []
    for rate, duration in stages:
        per_second = _per_second(rate)
        made.append(Stage(per_second, per_second, parse_duration(duration)))
    return Profile(tuple(made))


def parse_load_rate(given: float | str | Profile) -> float | Profile | None:
    """Return the rate that ``given`` says: a number, a profile, or None for ``max``, a closed loop.

    Raises:
        GrammarError: it cannot be read; the forms are in the table above.
        UsageError: its stages cannot be driven.
    """
    if isinstance(given, Profile):
        return given
    if not isinstance(given, str):
        return parse_rate(given)
    text = given.strip()
    if text == "max":
        return None
    if not any(sign in text for sign in ("..", " for ", ",")):
        return parse_rate(text)
    return Profile(tuple(_stage(part, text) for part in text.split(",")))


def _stage(part: str, text: str) -> Stage:
    rates, worded, duration = part.partition(" for ")
    first, ranged, last = rates.partition("..")
    try:
        begin = _per_second(first)
        end = _per_second(last) if ranged else begin
        return Stage(begin, end, parse_duration(duration.strip()) if worded else None)
    except GrammarError as error:
        raise GrammarError(f"{part.strip()!r} of the rate {text!r}: {error.what}", mend=_MEND) from error


def _per_second(given: float | str) -> float:
    if (isinstance(given, str) and given.strip() in ("0", "0/s")) or given == 0:
        return 0.0
    return parse_rate(given)


def _table(stages: Iterable[Stage]) -> Iterator[tuple[float, float, float, float, float]]:
    """Yield of each stage: when it begins, its first rate, how fast that rises, and the area before and after it."""
    begun, offset = Fraction(0), Fraction(0)
    for stage in stages:
        length = Fraction(stage.duration_s or 0.0)
        limit = offset + _area((stage,))
        yield float(begun), stage.begin, (stage.end - stage.begin) / float(length), float(offset), float(limit)
        begun, offset = begun + length, limit


def _area(stages: Iterable[Stage]) -> Fraction:
    """Return the exact area under the rate of stages that have durations."""
    return sum(
        ((Fraction(one.begin) + Fraction(one.end)) / 2 * Fraction(one.duration_s or 0.0) for one in stages), Fraction(0)
    )

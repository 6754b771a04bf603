"""The change since the last kept judgment, as lines for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from gonogo.gate.change import grade
from gonogo.gate.figure import figure
from gonogo.gate.judgment import Change, CriterionChange
from gonogo.gate.sentence import counted, listed
from gonogo.report.groups import short_test
from gonogo.verdicts.verdict import Outcome

__all__ = ["NO_CHANGE_KNOWN", "ChangeLine", "change_lines", "headline_of"]

Direction = Literal["worse", "better", "same"]

NO_CHANGE_KNOWN: Final = "No earlier judgment of this scope is kept beside this one."
_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One line.

    Attributes:
        direction: whether it is for the worse or the better.
        text: what is different.
        outcome: the outcome then and now, where it changed: ``GO → NO-GO``.
        test: the test that the criterion belongs to; empty when the line is about no criterion.
    """

    direction: Direction
    text: str
    outcome: str = ""
    test: str = ""

    def __str__(self) -> str:
        """The whole line."""
        mark = "" if self.direction == "same" else f"{self.direction}: "
        return f"{mark}{self.text}{f' ({self.test})' if self.test else ''}{f', {self.outcome}' if self.outcome else ''}"


def headline_of(change: Change, now: Outcome) -> str:
    """Return the change of the verdict: ``GO on 2025-06-01, NO-GO now``."""
    when = f" on {_day(change.started_at)}" if _day(change.started_at) else ""
    return f"{change.before}{when}, {'still ' if change.before is now else ''}{now} now"


def change_lines(change: Change) -> tuple[ChangeLine, ...]:
    """Return the criteria that are different, what is as before, and what was judged that is another now."""
    tests = [one.test for one in change.criteria]
    lines = [_criterion(one, tests) for one in change.criteria[:_MOST]]
    rest = [f"{counted(len(change.criteria) - _MOST, 'criterion')} more"] if len(change.criteria) > _MOST else []
    rest += [f"{counted(change.same, 'criterion')} as before"] if change.same else []
    rest += [f"another {listed(change.facts)}"] if change.facts else []
    if rest:
        lines.append(ChangeLine("same", "; ".join(rest)))
    return tuple(lines)


def _direction(one: CriterionChange) -> Direction:
    degree = grade(one)
    return "worse" if degree > 0 else "better" if degree < 0 else "same"


def _criterion(one: CriterionChange, tests: list[str]) -> ChangeLine:
    before, now = (figure(value, one.unit) for value in (one.observed_before, one.observed_now))
    test, direction = short_test(one.test, tests) if one.test else "", _direction(one)
    if one.before is None:
        return ChangeLine(direction, f"{one.expression}: {now}", f"new, {one.now}", test)
    if one.now is None:
        return ChangeLine(direction, f"{one.expression}: judged no more", f"was {one.before}", test)
    outcome = "" if one.before is one.now else f"{one.before} → {one.now}"
    return ChangeLine(direction, f"{one.expression}: {before} → {now}", outcome, test)


def _day(moment: str) -> str:
    try:
        return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d}"
    except ValueError:
        return ""

"""A comparison: what each of several judgments found for the same criterion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.gate.judgment import CriterionEntry
from gonogo.gate.order import worst_first
from gonogo.report.exhibit import Exhibit
from gonogo.report.groups import short_test

__all__ = ["Comparison", "ComparisonRow", "compare"]


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One criterion: which test and expression, and its entry in each judgment; None where it was not judged."""

    test: str
    expression: str
    entries: tuple[CriterionEntry | None, ...]

    @property
    def differs(self) -> bool:
        """Whether the judgments do not agree on it."""
        return len({entry.verdict.outcome if entry else None for entry in self.entries}) > 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """Criteria by judgments: those that differ first, then as they stand."""

    rows: tuple[ComparisonRow, ...]


def compare(exhibits: Sequence[Exhibit]) -> Comparison:
    """Return the comparison of ``exhibits``; where one judged a criterion several times, its worst counts."""
    columns = []
    for exhibit in exhibits:
        found: dict[tuple[str, str], CriterionEntry] = {}
        for entry in worst_first(exhibit.judgment.criteria):
            found.setdefault((entry.test, entry.verdict.expression), entry)
        columns.append(found)
    keys = dict.fromkeys(key for column in columns for key in column)
    tests = [test for test, _ in keys]
    rows = [
        ComparisonRow(short_test(test, tests), expression, tuple(column.get((test, expression)) for column in columns))
        for test, expression in keys
    ]
    return Comparison(tuple(sorted(rows, key=lambda row: not row.differs)))

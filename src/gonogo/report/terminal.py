"""The judgment in the terminal: a table of the criteria, and the last line."""

from __future__ import annotations

from collections.abc import Sequence

from gonogo.gate.figure import figure
from gonogo.gate.judgment import Judgment
from gonogo.gate.order import worst_first
from gonogo.report.groups import interval_text, short_test
from gonogo.report.plain import one_line
from gonogo.verdicts.verdict import Outcome

__all__ = ["criteria_table", "last_line"]


def last_line(judgment: Judgment) -> str:
    """Return ``GO``, ``NO-GO: why`` or ``INCONCLUSIVE: why``."""
    if judgment.outcome is Outcome.GO:
        return Outcome.GO.value
    return f"{judgment.outcome}: {one_line(judgment.reason)}"


def criteria_table(judgment: Judgment, most: int = 20) -> tuple[str, ...]:
    """Return the criteria as aligned lines, worst first; no more than ``most`` of them, the rest counted."""
    entries = worst_first(judgment.criteria)
    if not entries:
        return ()
    tests = [entry.test for entry in entries]
    rows = [("verdict", "criterion", "observed", "interval", "n", "test")]
    rows += [
        (
            entry.verdict.outcome.value,
            one_line(entry.verdict.expression),
            figure(entry.verdict.observed, entry.verdict.unit),
            interval_text(entry.verdict),
            figure(entry.verdict.n, "count"),
            one_line(short_test(entry.test, tests)),
        )
        for entry in entries[:most]
    ]
    lines = _aligned(rows)
    rest = len(entries) - most
    return (*lines, f"… and {rest} more in judgment.md") if rest > 0 else lines


def _aligned(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return tuple("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)

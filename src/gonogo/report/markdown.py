"""judgment.md: what one pastes into a release ticket."""

from __future__ import annotations

from collections.abc import Sequence

from gonogo.gate.figure import figure
from gonogo.gate.judgment import Judgment, TestEntry, TestOutcome
from gonogo.gate.order import worst_first
from gonogo.report.groups import interval_text, short_test
from gonogo.report.markup import bullets, code, paragraph, table
from gonogo.report.outline import outline
from gonogo.report.since import change_lines, headline_of

__all__ = ["render_markdown"]


def render_markdown(judgment: Judgment) -> str:
    """Return ``judgment`` as CommonMark with tables: verdict, reason, criteria, what was not tested, where it ran."""
    parts = [
        f"# {judgment.outcome}",
        paragraph(judgment.reason),
        *_unfinished(judgment),
        *([f"Selected: {paragraph(judgment.scope)}"] if judgment.scope else []),
        *_list("What to do next", judgment.next_steps),
        *_change(judgment),
        *_list("What stands in the way of GO", judgment.obstacles),
        *_criteria(judgment),
        *_broken(judgment.tests),
        *_list("What was not tested", judgment.not_tested or ("Nothing is known that the platform left out.",)),
        *_list("Findings in the manifests", [str(finding) for finding in judgment.findings]),
        *_provenance(judgment),
    ]
    return "\n\n".join(parts) + "\n"


def _unfinished(judgment: Judgment) -> list[str]:
    if judgment.complete:
        return []
    return ["**This session is still running or was cut short. What is here is what was known by then.**"]


def _change(judgment: Judgment) -> list[str]:
    if judgment.change is None:
        return []
    change = judgment.change
    lines = [str(line) for line in change_lines(change)]
    headline = f"{headline_of(change, judgment.outcome)} ({change.since})"
    return ["## Since the last judgment", paragraph(headline), bullets(lines)]


def _criteria(judgment: Judgment) -> list[str]:
    if not judgment.criteria:
        return ["## Criteria", "No criterion was judged."]
    tests = [entry.test for entry in judgment.criteria]
    rows = [
        (
            f"**{entry.verdict.outcome}**",
            code(entry.verdict.expression),
            paragraph(figure(entry.verdict.observed, entry.verdict.unit)),
            paragraph(interval_text(entry.verdict)),
            figure(entry.verdict.n, "count"),
            code(short_test(entry.test, tests)),
            paragraph(entry.verdict.reason),
        )
        for entry in worst_first(judgment.criteria)
    ]
    return ["## Criteria", table(("Verdict", "Criterion", "Observed", "Interval", "n", "Test", "Why"), rows)]


def _broken(tests: Sequence[TestEntry]) -> list[str]:
    rows = [
        (entry.outcome.value, code(entry.id), paragraph(entry.reason))
        for entry in tests
        if entry.outcome is not TestOutcome.PASSED
    ]
    passed = len(tests) - len(rows)
    parts = ["## Gate tests", f"{passed} of {len(tests)} passed."]
    return [*parts, table(("Outcome", "Test", "Why"), rows)] if rows else parts


def _list(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", bullets(lines)] if lines else []


def _provenance(judgment: Judgment) -> list[str]:
    rows = [(paragraph(branch.path), paragraph(branch.text)) for branch in outline(judgment.provenance)]
    return ["## Where it ran, and what", table(("Fact", "Value"), rows)] if rows else []

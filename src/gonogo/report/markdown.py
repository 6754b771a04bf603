"""judgment.md: what one pastes into a release ticket."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gonogo.gate.figure import figure
from gonogo.gate.judgment import Judgment, TestEntry, TestOutcome
from gonogo.gate.order import worst_first
from gonogo.report.groups import interval_text, short_test
from gonogo.report.outline import outline
from gonogo.report.plain import one_line

__all__ = ["render_markdown"]

_ACTIVE: Final = re.compile(r"([\\`*_\[\]<>|~&]|(?<=:)//)")
_FENCES: Final = re.compile(r"`+")


def render_markdown(judgment: Judgment) -> str:
    """Return ``judgment`` as CommonMark with tables: verdict, reason, criteria, what was not tested, where it ran."""
    parts = [
        f"# {judgment.outcome}",
        _text(judgment.reason),
        *_unfinished(judgment),
        *([f"Selected: {_text(judgment.scope)}"] if judgment.scope else []),
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


def _criteria(judgment: Judgment) -> list[str]:
    if not judgment.criteria:
        return ["## Criteria", "No criterion was judged."]
    tests = [entry.test for entry in judgment.criteria]
    rows = [
        (
            f"**{entry.verdict.outcome}**",
            _code(entry.verdict.expression),
            _text(figure(entry.verdict.observed, entry.verdict.unit)),
            _text(interval_text(entry.verdict)),
            figure(entry.verdict.n, "count"),
            _code(short_test(entry.test, tests)),
            _text(entry.verdict.reason),
        )
        for entry in worst_first(judgment.criteria)
    ]
    return ["## Criteria", _table(("Verdict", "Criterion", "Observed", "Interval", "n", "Test", "Why"), rows)]


def _broken(tests: Sequence[TestEntry]) -> list[str]:
    rows = [
        (entry.outcome.value, _code(entry.id), _text(entry.reason))
        for entry in tests
        if entry.outcome is not TestOutcome.PASSED
    ]
    passed = len(tests) - len(rows)
    parts = ["## Gate tests", f"{passed} of {len(tests)} passed."]
    return [*parts, _table(("Outcome", "Test", "Why"), rows)] if rows else parts


def _list(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "\n".join(f"- {_text(line)}" for line in lines)] if lines else []


def _provenance(judgment: Judgment) -> list[str]:
    rows = [(_text(branch.path), _text(branch.text)) for branch in outline(judgment.provenance)]
    return ["## Where it ran, and what", _table(("Fact", "Value"), rows)] if rows else []


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _text(text: str) -> str:
    return _ACTIVE.sub(r"\\\1", one_line(text))


def _code(text: str) -> str:
    """Return ``text`` as a code span; a bar is escaped, because it would end the table's cell even there."""
    line = one_line(text)
    if not line:
        return ""
    fence = "`" * (1 + max((len(run) for run in _FENCES.findall(line)), default=0))
    room = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{room}{line}{room}{fence}".replace("|", r"\|")

"""The job summary of GitHub Actions: Markdown for whoever looks at the job, shorter than judgment.md.

A step appends it to the file that ``GITHUB_STEP_SUMMARY`` names; GitHub cuts a step's summary off at 1 MiB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gonogo.gate.figure import figure
from gonogo.gate.judgment import Judgment
from gonogo.gate.order import worst_first
from gonogo.report.facts import key_facts
from gonogo.report.groups import interval_text, short_test
from gonogo.report.markup import bullets, code, paragraph, table
from gonogo.report.since import change_lines, headline_of
from gonogo.verdicts.verdict import Outcome

__all__ = ["render_job_summary"]

_SIGNS: Final = {Outcome.GO: "✅", Outcome.NO_GO: "❌", Outcome.INCONCLUSIVE: "⚠️"}
_MOST: Final = 50


def render_job_summary(judgment: Judgment) -> str:
    """Return ``judgment`` as GitHub's Markdown: verdict, what to do next, criteria worst first, what changed."""
    parts = [
        f"## {_SIGNS[judgment.outcome]} {judgment.outcome}",
        paragraph(judgment.reason),
        *_next(judgment.next_steps),
        paragraph(" · ".join(f"{label}: {text}" for label, text in key_facts(judgment.provenance))),
        *_criteria(judgment),
        *_change(judgment),
        *_folded("What stands in the way of GO", judgment.obstacles),
        *_folded("What was not tested", judgment.not_tested),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _next(steps: Sequence[str]) -> list[str]:
    return [f"**Next:** {paragraph(' '.join(steps))}"] if steps else []


def _criteria(judgment: Judgment) -> list[str]:
    entries = worst_first(judgment.criteria)
    if not entries:
        return ["No criterion was judged."]
    tests = [entry.test for entry in entries]
    rows = [
        (
            f"{_SIGNS[entry.verdict.outcome]} {entry.verdict.outcome}",
            code(entry.verdict.expression),
            figure(entry.verdict.observed, entry.verdict.unit),
            interval_text(entry.verdict),
            code(short_test(entry.test, tests)),
        )
        for entry in entries[:_MOST]
    ]
    rest = len(entries) - _MOST
    shown = table(("Verdict", "Criterion", "Observed", "Interval", "Test"), rows)
    return [shown, f"… and {rest} more in judgment.md"] if rest > 0 else [shown]


def _change(judgment: Judgment) -> list[str]:
    if judgment.change is None:
        return []
    lines = [str(line) for line in change_lines(judgment.change)]
    return [f"**Since the last judgment:** {paragraph(headline_of(judgment.change, judgment.outcome))}", bullets(lines)]


def _folded(title: str, lines: Sequence[str]) -> list[str]:
    return [f"<details><summary>{title} ({len(lines)})</summary>\n\n{bullets(lines)}\n\n</details>"] if lines else []

"""Exports: OpenMetrics for a metrics store, Markdown for the summary of a CI job."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.errors import UsageError
from gonogo.gate.judgment import Judgment
from gonogo.report.formats import FILES, FORMATS, render_as
from gonogo.report.job_summary import render_job_summary
from gonogo.report.openmetrics import render_openmetrics
from gonogo.verdicts.verdict import Outcome

GOLDEN = Path(__file__).parent / "golden"
SAMPLE = re.compile(
    r'(?P<name>[a-z_]+)(?:\{(?P<labels>[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*)\})? '
    r"(?P<value>-?[0-9.]+(?:e[+-]?[0-9]+)?|NaN|[+-]Inf)"
)
"""A line of a sample (OpenMetrics 1.0, ABNF): a name, labels with escaped values, a number."""


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_every_judgment(make_judgment: Callable[..., Judgment], name: str) -> None:
    """With hostile text, unknown and infinite figures in it; the text ends with its line."""
    assert render_as(name, make_judgment('"\n\\ <b>|`')).endswith("\n")


def test_an_unknown_format_names_the_known_ones(good: Judgment) -> None:
    """For whoever misspelt one."""
    with pytest.raises(UsageError, match="no format 'xml'; write one of json, markdown, junit, openmetrics, github"):
        render_as("xml", good)


def test_a_session_writes_formats_that_exist() -> None:
    """The files of a judgment folder are a choice of them."""
    assert set(FILES.values()) <= FORMATS.keys()


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("text", ["plain", 'a "quoted" \\ one', "line\nbreak", "{,}="])
def test_metrics_follow_the_grammar(make_judgment: Callable[..., Judgment], outcome: Outcome, text: str) -> None:
    """Types before samples, each family once and in one piece, no sample twice, and the end mark at the end."""
    lines = render_openmetrics(make_judgment(text, outcome=outcome, runs=2)).splitlines()
    assert lines[-1] == "# EOF"
    families: list[str] = []
    seen: set[tuple[str, str]] = set()
    for line in lines[:-1]:
        if line.startswith("# TYPE "):
            families.append(line.split()[2])
        elif not line.startswith("# "):
            found = SAMPLE.fullmatch(line)
            assert found, line
            assert found["name"].removesuffix("_info") == families[-1]
            assert (found["name"], found["labels"]) not in seen
            seen.add((found["name"], found["labels"]))
    assert len(families) == len(set(families))


def test_the_verdict_is_a_set_of_states(good: Judgment) -> None:
    """Exactly one of them is 1, so that alerts can be written on any."""
    text = render_openmetrics(good)
    assert 'gonogo_verdict{verdict="GO"} 1' in text
    assert 'gonogo_verdict{verdict="NO-GO"} 0' in text


def test_units_end_the_names_of_their_families(good: Judgment) -> None:
    """As the specification asks."""
    units = re.findall("# UNIT ([a-z_]+) ([a-z]+)", render_openmetrics(good))
    assert units
    assert all(name.endswith(f"_{unit}") for name, unit in units)


def test_metrics_of_a_good_session_are_as_reviewed(good: Judgment) -> None:
    """The golden file was read by a person and by the parser of prometheus-client."""
    assert render_openmetrics(good) == (GOLDEN / "metrics.txt").read_text(encoding="utf-8")


def test_the_job_summary_of_a_good_session_is_as_reviewed(good: Judgment) -> None:
    """The golden file was read by a person."""
    assert render_job_summary(good) == (GOLDEN / "job_summary.md").read_text(encoding="utf-8")


def test_the_job_summary_says_the_verdict_first(make_judgment: Callable[..., Judgment]) -> None:
    """Then why, and what to do next."""
    text = render_job_summary(make_judgment())
    assert text.startswith("## ❌ NO-GO\n\n")
    assert text.index("**Next:**") < text.index("| Verdict |") < text.index("**Since the last judgment:**")


def test_the_job_summary_counts_what_it_leaves_out(make_judgment: Callable[..., Judgment]) -> None:
    """GitHub cuts long summaries off; this one is not that long."""
    text = render_job_summary(make_judgment(runs=20))
    assert "… and 90 more in judgment.md" in text
    assert len(text.encode()) < 1_000_000


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "| a | b |", "[x](javascript:alert(1))", "`` ` ``"])
def test_the_job_summary_shows_hostile_text_as_text(make_judgment: Callable[..., Judgment], hostile: str) -> None:
    """Outside of code spans every sign that acts is escaped, and no table gets a further column."""
    text = render_job_summary(make_judgment(hostile))
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert not re.search(r"(?<!\\)<(?!/?(?:details|summary)>)", outside)
    assert not re.search(r"(?<!\\)\]\(", outside)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}

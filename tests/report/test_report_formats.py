"""Markdown, JUnit XML and the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from gonogo.gate.cause import Cause
from gonogo.gate.judgment import CriterionEntry, Judgment, TestEntry, TestOutcome
from gonogo.gate.ledger import Ledger
from gonogo.report.junit import render_junit
from gonogo.report.markdown import render_markdown
from gonogo.report.terminal import criteria_table, last_line
from gonogo.verdicts.verdict import Outcome, Verdict

NASTY = "<img src=x onerror=alert(1)> | `code` [link](http://x) *bold*\n# heading \x1b[31m"


def session(outcome: TestOutcome, cause: Cause = Cause.NONE, verdict: Outcome | None = None) -> Judgment:
    """A session of one gate test and, if wanted, one criterion."""
    ledger = Ledger()
    ledger.record_test(TestEntry("suites/load.py::test_a[1]", outcome, "why it is so", 1.5, cause=cause))
    if verdict:
        judged = Verdict(verdict, "p99 <= 50ms", 0.06, 0.04, 0.08, 0.05, "s", 100, 0.95, "It says so.")
        ledger.record_criterion(CriterionEntry("suites/load.py::test_a[1]", "load", judged))
    return ledger.judgment(complete=True)


@pytest.mark.parametrize(
    ("judgment", "line"),
    [
        (session(TestOutcome.PASSED), "GO"),
        (session(TestOutcome.PASSED, verdict=Outcome.NO_GO), "NO-GO: p99 is 60 ms; the limit is 50 ms."),
        (
            session(TestOutcome.SKIPPED),
            "INCONCLUSIVE: 1 gate test skipped: suites/load.py::test_a[1] (why it is so).",
        ),
    ],
)
def test_the_last_line_is_the_verdict(judgment: Judgment, line: str) -> None:
    """One line, with the reason unless it is GO."""
    assert last_line(judgment) == line


def test_the_terminal_gets_no_control_characters(make_judgment: Callable[..., Judgment]) -> None:
    """A service cannot write to the terminal of who judges it, nor add lines."""
    judgment = make_judgment(NASTY)
    lines = [last_line(judgment), *criteria_table(judgment)]
    assert all(line.isprintable() for line in lines)


def test_the_table_shows_the_worst_and_counts_the_rest(make_judgment: Callable[..., Judgment]) -> None:
    """A head, as many lines as wanted, and how many more there are; columns are aligned."""
    lines = criteria_table(make_judgment(runs=2), most=3)
    assert len(lines) == 5
    assert lines[-1] == "… and 11 more in judgment.md"
    start = lines[0].index("criterion")
    assert all(line[start - 1] == " " and line[start] != " " for line in lines[:4])


def test_a_session_without_criteria_has_no_table() -> None:
    """Nothing is printed rather than an empty head."""
    assert criteria_table(session(TestOutcome.PASSED)) == ()


CASES = {
    "passed": (session(TestOutcome.PASSED), "passed"),
    "failed": (session(TestOutcome.FAILED, Cause.ASSERTION), "failure"),
    "undecided": (session(TestOutcome.FAILED, Cause.UNDECIDED), "error"),
    "stack did not start": (session(TestOutcome.ERROR, Cause.STACK), "failure"),
    "skipped": (session(TestOutcome.SKIPPED), "skipped"),
    "expected to fail": (session(TestOutcome.XFAILED), "error"),
    "did not run": (session(TestOutcome.NOT_RUN), "error"),
}


@pytest.mark.parametrize(("judgment", "tag"), CASES.values(), ids=CASES.keys())
def test_junit_says_what_became_of_a_gate_test(judgment: Judgment, tag: str) -> None:
    """NO-GO is a failure, INCONCLUSIVE an error, skipped is skipped, and only passed has no mark."""
    case = ET.fromstring(render_junit(judgment)).findall("testsuite")[1].findall("testcase")[0]  # noqa: S314 - our own
    assert (case.get("classname"), case.get("name")) == ("suites.load", "test_a[1]")
    assert [child.tag for child in case] == ([] if tag == "passed" else [tag])


@pytest.mark.parametrize("outcome", list(Outcome))
def test_junit_is_green_only_for_go(outcome: Outcome) -> None:
    """Whatever a CI system counts, it counts something unless the verdict is GO."""
    judgment = session(TestOutcome.PASSED, verdict=outcome)
    root = ET.fromstring(render_junit(judgment))  # noqa: S314 - our own
    red = sum(int(suite.get("failures", "0")) + int(suite.get("errors", "0")) for suite in root)
    assert (red == 0) is (judgment.outcome is Outcome.GO)
    skipped = ET.fromstring(render_junit(session(TestOutcome.SKIPPED)))  # noqa: S314 - our own
    assert sum(int(suite.get("errors", "0")) for suite in skipped) == 1


@pytest.mark.parametrize("text", ["plain", NASTY, "]]>", "\ud800", "\x00\x0b￾"])
def test_junit_has_the_shape_of_its_schema(make_judgment: Callable[..., Judgment], text: str) -> None:
    """Elements, their order, attributes and counts are those of the common XSD, whatever the texts are."""
    root = ET.fromstring(render_junit(make_judgment(text)))  # noqa: S314 - our own
    assert root.tag == "testsuites"
    for index, suite in enumerate(root):
        assert suite.tag == "testsuite"
        assert suite.get("id") == str(index)
        assert {"name", "package", "timestamp", "hostname", "tests", "failures", "errors", "time"} <= set(suite.keys())
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
        tags = [child.tag for child in suite]
        cases = suite.findall("testcase")
        assert tags == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
        assert suite.get("tests") == str(len(cases))
        for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert suite.get(count) == str(len(suite.findall(f"testcase/{tag}")))
        for case in cases:
            assert {"name", "classname", "time"} <= set(case.keys())
            assert case.get("name", "") == " ".join(case.get("name", "").split())
            assert len(case) <= 1


def test_junit_names_host_and_start(make_judgment: Callable[..., Judgment]) -> None:
    """The machine and the UTC time come from the provenance."""
    suite = ET.fromstring(render_junit(make_judgment("node-1")))[0]  # noqa: S314 - our own
    assert (suite.get("hostname"), suite.get("timestamp")) == ("node-1", "2025-06-01T12:00:00")


def test_markdown_begins_with_verdict_and_reason(good: Judgment) -> None:
    """The first lines are what a ticket needs."""
    lines = render_markdown(good).split("\n\n")
    assert lines[0] == "# GO"
    assert lines[1].startswith("1 criterion holds and 1 gate test passed")


def test_markdown_has_a_row_for_each_criterion(make_judgment: Callable[..., Judgment]) -> None:
    """Rows have as many cells as the head, bars in texts or not."""
    judgment = make_judgment(NASTY)
    section = render_markdown(judgment).partition("## Criteria\n\n")[2].partition("\n\n")[0].split("\n")
    assert len(section) == 2 + len(judgment.criteria)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in section} == {8}


def test_markdown_is_inert(make_judgment: Callable[..., Judgment]) -> None:
    """Outside of code spans no text opens a tag, a link or a heading."""
    prose = re.sub(r"(`+).+?\1", "", render_markdown(make_judgment(NASTY)))
    assert not re.search(r"(?<!\\)<", prose)
    assert not re.search(r"(?<!\\)\[", prose)
    assert "\n# heading" not in prose
    assert "\x1b" not in prose


def test_markdown_says_what_was_not_tested(make_judgment: Callable[..., Judgment], good: Judgment) -> None:
    """The section is there even when it is empty, so that silence is not taken for an answer."""
    assert "## What was not tested\n\n- plain" in render_markdown(make_judgment())
    assert "## What was not tested\n\n- Nothing is known" in render_markdown(good)


def test_markdown_of_a_dead_session_says_so(make_judgment: Callable[..., Judgment]) -> None:
    """Whoever pastes it pastes that, too."""
    assert "was cut short" in render_markdown(make_judgment(complete=False))

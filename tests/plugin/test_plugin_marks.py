"""The marks by which shipped suites are chosen are known wherever gonogo is installed."""

from __future__ import annotations

from fixtures.projects import Project
from gonogo.plugin import SHIPPED_SUITES


def test_a_copied_suite_needs_no_conftest(project: Project) -> None:
    """Under --strict-markers tests with the marks are collected, and found by them."""
    marks = sorted(SHIPPED_SUITES)
    tests = [f"@pytest.mark.{mark}\ndef test_{mark}():\n    pass\n" for mark in marks]
    project.write(
        "suites/test_copy.py", "import pytest\n\n" + "\n\n".join([*tests, "def test_unmarked():\n    pass\n"])
    )
    choice = ("-m", " or ".join(marks), "--collect-only", "-q", "suites/test_copy.py")
    outcome = project.pytest("--strict-markers", *choice, plugins=())
    assert outcome.status == 0, outcome.output
    found = [
        line.partition("::")[2] for line in outcome.output.splitlines() if line.startswith("suites/test_copy.py::")
    ]
    assert found == [f"test_{mark}" for mark in marks], outcome.output

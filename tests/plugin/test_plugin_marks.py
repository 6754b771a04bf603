"""The marks by which shipped suites are chosen are known wherever gonogo is installed."""

from __future__ import annotations

import pytest

from fixtures.projects import Project
from gonogo.plugin import SHIPPED_SUITES


@pytest.mark.parametrize("mark", sorted(SHIPPED_SUITES))
def test_a_copied_suite_needs_no_conftest(project: Project, mark: str) -> None:
    """Under --strict-markers a test with the mark is collected, and found by it."""
    project.write("suites/test_copy.py", f"import pytest\n\n@pytest.mark.{mark}\ndef test_it():\n    pass\n")
    outcome = project.pytest("--strict-markers", "-m", mark, "--collect-only", "-q", "suites/test_copy.py")
    assert (outcome.status, "1 test collected" in outcome.output) == (0, True), outcome.output

"""Broken twins of the composition proxy: its own suite finds them, and lets the sound one pass."""

import shutil
from pathlib import Path

import pytest

from fixtures.projects import ROOT, Project

SUITE = "suites/parameter_based"
MANIFESTS = "manifests/parameter_based"

# The gates that send no load: they judge what a twin breaks within seconds.
ANSWERS = [
    f"{SUITE}/test_parameter_based.py::{name}"
    for name in ("test_answers_the_reference", "test_answers_1_from_its_threshold_on")
]

FLOWERS = ("setosa", "versicolor", "giant")


@pytest.fixture
def shipped(tmp_path: Path) -> Project:
    """A project with the manifests and the suite of the composition proxy as they ship."""
    project = Project(tmp_path)
    project.write("pyproject.toml", "")
    for folder in (SUITE, MANIFESTS):
        shutil.copytree(ROOT / folder, project.folder / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return project


def _set(project: Project, variable: str, before: str, after: str) -> None:
    """Change a variable of the proxy's manifest from ``before`` to ``after``."""
    file = project.folder / MANIFESTS / "proxy.yaml"
    manifest = file.read_text(encoding="utf-8")
    old, new = (f'- name: {variable}\n              value: "{value}"\n' for value in (before, after))
    assert manifest.count(old) == 1
    file.write_text(manifest.replace(old, new), encoding="utf-8")


def test_the_proxy_as_it_ships_is_go(shipped: Project) -> None:
    """The control: what follows fails for its fault."""
    outcome = shipped.pytest(*ANSWERS)
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output


@pytest.mark.parametrize(
    ("variable", "before", "after", "broken"),
    [
        ("THRESHOLD_SETOSA", "0.9", "0.901", ["test_answers_1_from_its_threshold_on[setosa]"]),
        ("ACTIVATE_VIRGINICA", "0", "1", [f"test_answers_the_reference[{flower}]" for flower in FLOWERS]),
    ],
    ids=["threshold off by one step", "deactivated service in the answer"],
)
def test_a_broken_twin_is_no_go(shipped: Project, variable: str, before: str, after: str, broken: list[str]) -> None:
    """A threshold that is a thousandth off, and a service that should not be in the answer, are NO-GO by name."""
    _set(shipped, variable, before, after)
    outcome = shipped.pytest(*ANSWERS)
    assert outcome.status == pytest.ExitCode.TESTS_FAILED
    assert outcome.last_line.startswith("NO-GO: "), outcome.output
    failed = [test["id"] for test in outcome.judgment["tests"] if test["outcome"] == "failed"]
    assert [test.rpartition("::")[2] for test in failed] == broken

"""Broken twins of the batch job: its own suite finds them, and lets the sound one pass."""

import shutil
from pathlib import Path

import pytest

from fixtures.projects import ROOT, Project

SUITE = "suites/batch"
MANIFESTS = "manifests/batch"
TWIN = ROOT / "fixtures" / "twins" / "batch_job.py"

ONCE = f"{SUITE}/test_batch.py::test_predicts_every_row_once_and_in_time"
ALIKE = f"{SUITE}/test_batch.py::test_predicts_as_the_online_service_does"
PARKED = f"{SUITE}/test_batch.py::test_parks_bad_rows_and_predicts_all_others"


@pytest.fixture
def shipped(tmp_path: Path) -> Project:
    """A project with the manifests and the suite of batch inference as they ship."""
    project = Project(tmp_path)
    project.write("pyproject.toml", "")
    for folder in (SUITE, MANIFESTS):
        shutil.copytree(ROOT / folder, project.folder / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return project


def _run_by_twin(project: Project, fault: str) -> None:
    """Have the twin with ``fault`` run in the place of the job."""
    command = f"{{python}} {TWIN} --fault {fault}"
    project.write("pyproject.toml", f'[tool.gonogo.images]\n"gonogo/batch-job:*" = "{command}"\n')


def test_the_plain_way_without_a_fault_is_go(shipped: Project) -> None:
    """The control: what follows fails for its fault and not for being a twin."""
    _run_by_twin(shipped, "none")
    outcome = shipped.pytest(ONCE, ALIKE, PARKED)
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output


@pytest.mark.parametrize(
    ("fault", "gate", "broken"),
    [
        (
            "skips",
            ONCE,
            {
                "batch.rows_predicted_once == 1000",
                "batch.writes == 1000",
                "batch.rows_left == 0",
                "batch.rows_claimed_by_pods == 1000",
            },
        ),
        ("repeats", ONCE, {"batch.rows_predicted_once == 1000", "batch.writes == 1000"}),
        ("stops", PARKED, {"batch.good_rows_predicted_once == 400", "batch.bad_rows_parked == 7"}),
        ("differs", ALIKE, {"batch.rows_unlike_online == 0"}),
    ],
)
def test_a_broken_twin_is_no_go(shipped: Project, fault: str, gate: str, broken: set[str]) -> None:
    """Each is NO-GO by the facts that its fault breaks, and by no other."""
    _run_by_twin(shipped, fault)
    outcome = shipped.pytest(gate)
    assert outcome.status == pytest.ExitCode.TESTS_FAILED
    assert outcome.last_line.startswith("NO-GO: "), outcome.output
    found = {entry["expression"] for entry in outcome.judgment["criteria"] if entry["verdict"] == "NO-GO"}
    assert found == broken

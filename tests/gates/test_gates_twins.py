"""The broken twins: a service with a fault never passes the gate, and a sound one does."""

import pytest

from fixtures.projects import Project


def test_a_sound_service_is_go(project: Project) -> None:
    """The control: a service without a fault passes, so what follows fails for its fault."""
    outcome = project.pytest("-m", "loadtest")
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output
    assert outcome.judgment["verdict"] == "GO"
    assert outcome.judgment["complete"] is True


@pytest.mark.parametrize(
    ("fault", "criterion"),
    [("late", "p99"), ("failing", "success"), ("wrong", "success"), ("dying", "success")],
)
def test_a_broken_service_is_no_go_for_its_fault(project: Project, fault: str, criterion: str) -> None:
    """Late, failing, wrong and dying services are NO-GO, and the last line names the criterion that broke."""
    project.serve(fault)
    outcome = project.pytest("-m", "loadtest")
    assert outcome.status == pytest.ExitCode.TESTS_FAILED
    assert outcome.last_line.startswith("NO-GO: "), outcome.output
    broken = [one["expression"] for one in outcome.judgment["criteria"] if one["verdict"] == "NO-GO"]
    assert any(expression.startswith(criterion) for expression in broken)

"""Broken twins of the condition-based services: their own suite finds them, and lets the sound ones pass."""

from pathlib import Path

import pytest

from fixtures.projects import Outcome, Project, copied

SUITE = "suites/condition_based"
MANIFESTS = "manifests/condition_based"
COMPOSE = f'"{MANIFESTS}/docker-compose.yaml", "{MANIFESTS}/traffic.yaml"'
REFERENCE = f"{SUITE}/test_condition_based.py::test_answers_the_reference"
UNDER_LOAD = f"{SUITE}/test_condition_based.py::test_every_answer_under_load_is_the_reference"

ROUTE = """\
    - match:
        - headers:
            target:
              exact: mountain
      route:
        - destination:
            host: proxy.condition-based-serving.svc.cluster.local
            subset: plant
      timeout: 10s
"""
SUBSETS = """\
    - name: general
      labels:
        model: general
    - name: plant
      labels:
        model: plant
"""
SWAPPED = """\
    - name: general
      labels:
        model: plant
    - name: plant
      labels:
        model: general
"""
EVERY = {"cat", "iris", "cat to plants", "iris to plants"}
TWINS = {
    # what is broken: file, what stands there, what stands there in the twin, the cases that come out wrong.
    "swapped models": ("traffic.yaml", SUBSETS, SWAPPED, EVERY),
    "header route lost": ("traffic.yaml", ROUTE, "", {"cat to plants", "iris to plants"}),
    "reference answers wrong": ("general.yaml", "value: general.json\n", "value: plant.json\n", {"cat", "iris"}),
}


@pytest.fixture
def shipped(tmp_path: Path) -> Project:
    """A project with the manifests and the suite of the condition-based services as they ship."""
    return copied(tmp_path, SUITE, MANIFESTS)


def _break(project: Project, twin: str) -> None:
    """Put the twin's fault into its manifest."""
    name, sound, broken, _ = TWINS[twin]
    project.replace(f"{MANIFESTS}/{name}", sound, broken)


def _failed(outcome: Outcome) -> set[str]:
    return {
        test["id"].partition("[")[2].removesuffix("]")
        for test in outcome.judgment["tests"]
        if test["outcome"] == "failed"
    }


def test_the_docker_compose_file_gives_the_same_answers(shipped: Project) -> None:
    """The control, in the stack's other form: with the same rules for its traffic it answers the reference, too."""
    shipped.replace(f"{SUITE}/test_condition_based.py", f'stack("{MANIFESTS}")', f"stack({COMPOSE})")
    outcome = shipped.pytest(REFERENCE)
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output


@pytest.mark.parametrize("twin", TWINS)
def test_a_broken_twin_is_no_go(shipped: Project, twin: str) -> None:
    """Each fault is NO-GO by the cases that it breaks."""
    _break(shipped, twin)
    outcome = shipped.pytest(REFERENCE)
    assert outcome.status == pytest.ExitCode.TESTS_FAILED
    assert outcome.last_line.startswith("NO-GO: "), outcome.output
    assert _failed(outcome) == TWINS[twin][3]


@pytest.mark.soak
def test_a_lost_route_shows_under_load(shipped: Project) -> None:
    """Both the answers and the contract on routing are NO-GO."""
    _break(shipped, "header route lost")
    outcome = shipped.pytest(UNDER_LOAD, "--gonogo-profile", "ci")
    assert outcome.last_line.startswith("NO-GO: "), outcome.output
    verdicts = {entry["expression"].partition("[")[0]: entry["verdict"] for entry in outcome.judgment["criteria"]}
    assert (verdicts["success == 100%"], verdicts["routed"]) == ("NO-GO", "NO-GO")

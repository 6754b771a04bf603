"""Broken twins of the composition proxy: its own suite finds them, and lets the sound one pass."""

from pathlib import Path

import pytest

from fixtures.projects import Project, copied

SUITE = "suites/parameter_based"
MANIFESTS = "manifests/parameter_based"
PROXY = f"{MANIFESTS}/proxy.yaml"
COMPOSE = f"{MANIFESTS}/docker-compose.yaml"

# The gates that send no load: they judge what a twin breaks within seconds.
ANSWERS = [
    f"{SUITE}/test_parameter_based.py::{name}"
    for name in ("test_answers_the_reference", "test_answers_1_from_its_threshold_on")
]

THRESHOLDS = '''\
"""Thresholds are measured on the stack."""
import pytest

from gonogo.experiments.thresholds.measured import measure_thresholds

pytestmark = [pytest.mark.parameter_based, pytest.mark.stack("manifests/parameter_based")]
FLOWERS = [([5.1, 3.5, 1.4, 0.2], "setosa"), ([6.0, 2.7, 4.2, 1.3], "versicolor")] * 40


def test_a_threshold_is_recommended(stack):
    """It tells the two kinds apart, and is bound to the model that was asked."""
    rows = [dict(zip("abcd", flower), species=species) for flower, species in FLOWERS]
    found = measure_thresholds({"setosa": stack["iris-setosa"]}, rows, truth="species", precision=0.8)
    assert 0 < found["setosa"].recommended.threshold < 0.9
    assert "parameter-based/iris-setosa=" in found.settings()
'''

# Seconds, which an answer on a busy machine may take; the suite's gates on time are not run here.
PATIENT = ("DEADLINE_S", "DEFAULT_TIMEOUT_S")
FLOWERS = ("setosa", "versicolor", "giant")


@pytest.fixture
def shipped(tmp_path: Path) -> Project:
    """A project with the manifests and the suite of the composition proxy as they ship, but for its patience."""
    project = copied(tmp_path, SUITE, MANIFESTS)
    policy, patience = _variable("DEFAULT_POLICY", "fail"), [_variable(name, '"60"') for name in PATIENT]
    project.replace(PROXY, policy, policy + "".join(patience))
    policy, patience = "      DEFAULT_POLICY: fail\n", [f"      {name}: 60\n" for name in PATIENT]
    project.replace(COMPOSE, policy, policy + "".join(patience))
    return project


def _variable(name: str, value: str) -> str:
    return f"            - name: {name}\n              value: {value}\n"


def _set(project: Project, variable: str, before: str, after: str) -> None:
    """Change a variable of the proxy's manifest from ``before`` to ``after``."""
    project.replace(PROXY, _variable(variable, f'"{before}"'), _variable(variable, f'"{after}"'))


def test_the_proxy_as_it_ships_is_go(shipped: Project) -> None:
    """The control: what follows fails for its fault."""
    outcome = shipped.pytest(*ANSWERS)
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output


def test_the_docker_compose_file_gives_the_same_answers(shipped: Project) -> None:
    """The other form of the stack answers the reference at the same thresholds."""
    shipped.replace(f"{SUITE}/test_parameter_based.py", f'stack("{MANIFESTS}")', f'stack("{COMPOSE}")')
    outcome = shipped.pytest(*ANSWERS)
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output


def test_thresholds_for_another_model_forbid_go(shipped: Project) -> None:
    """The models that answer are in the judgment; thresholds that are bound to another one make it INCONCLUSIVE."""
    template = "    metadata:\n      labels:\n        app: proxy\n"
    bound = template + f'      annotations:\n        gonogo.dev/tuned-for: "iris-setosa={"0" * 64}"\n'
    shipped.replace(PROXY, template, bound)
    shipped.write(f"{SUITE}/test_thresholds.py", THRESHOLDS)
    outcome = shipped.pytest(f"{SUITE}/test_thresholds.py")
    assert outcome.last_line.startswith("INCONCLUSIVE: "), outcome.output
    assert "its thresholds were chosen for the model 000000000000" in " ".join(outcome.judgment["obstacles"])
    models = outcome.judgment["provenance"]["model"]
    assert sorted(models) == [f"parameter-based/iris-{name}" for name in ("setosa", "versicolor", "virginica")]


@pytest.mark.soak
@pytest.mark.parametrize(
    ("variable", "before", "after"),
    [("THRESHOLD_SETOSA", "0.9", "0.901"), ("ACTIVATE_VIRGINICA", "0", "1")],
    ids=["threshold off by one step", "deactivated service in the answer"],
)
def test_a_broken_twin_is_no_go_under_load(shipped: Project, variable: str, before: str, after: str) -> None:
    """Every single answer is held against the reference, so that one wrong class is NO-GO in the figures."""
    _set(shipped, variable, before, after)
    suite = shipped.folder / SUITE / "test_parameter_based.py"
    text = suite.read_text(encoding="utf-8")
    suite.write_text(text.replace("rate=100", "rate=40"), encoding="utf-8")  # the fault shows at any rate
    gate = f"{SUITE}/test_parameter_based.py::test_every_answer_under_load_is_the_reference"
    outcome = shipped.pytest(gate, "--gonogo-profile", "ci")
    assert outcome.last_line.startswith("NO-GO: "), outcome.output
    assert outcome.judgment["criteria"][0]["verdict"] == "NO-GO"


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

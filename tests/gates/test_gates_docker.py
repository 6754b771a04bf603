"""Gates on the docker platform: the same verdicts as on processes, and none where there is no Docker."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.projects import MANIFEST, TWIN, Project
from tests.platforms.docker_machine import ensure_image, needs_docker, things

MEDDLED = '''\
"""Somebody removes the model's container in the middle of the load."""
import docker
import pytest

pytestmark = [pytest.mark.loadtest, pytest.mark.stack("manifests")]


def meddle(stack):
    client = docker.from_env()
    label = [f"dev.gonogo.stack={stack.running.stack}", "dev.gonogo.role=container"]
    for found in client.containers.list(filters={"label": label}):
        found.remove(force=True)
    client.close()


def test_holds_its_rate(stack, load):
    """Right and in time."""
    predict = stack["model"].target("POST", "/predict", json={})
    with load.running(predict, rate=50, duration="4s", timeout="2s", require=["success >= 99%"]) as live:
        live.at("1s", lambda: meddle(stack))
    assert live.run.go
'''


def _in_docker(project: Project, fault: str) -> None:
    """Make the project's model an image with ``fault``."""
    client = needs_docker()
    image = ensure_image(client, TWIN, "--host", "0.0.0.0", "--port", "8000", "--fault", fault, tag=fault)  # noqa: S104 - in a Pod of its own
    client.close()
    project.write("manifests/model.yaml", MANIFEST.replace("shop/model:1", image))


def test_a_sound_service_is_go_in_docker(project: Project) -> None:
    """The control, with the platform in the judgment and nothing left on the daemon."""
    client = needs_docker()
    before = things(client)
    _in_docker(project, "sound")
    outcome = project.pytest("-m", "loadtest", "--gonogo-platform", "docker")
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output
    assert outcome.judgment["provenance"]["platform"] == "docker"
    assert things(client) <= before
    client.close()


@pytest.mark.parametrize(("fault", "criterion"), [("late", "p99"), ("wrong", "success")])
def test_a_broken_service_is_no_go_in_docker(project: Project, fault: str, criterion: str) -> None:
    """The last line names the criterion that broke."""
    _in_docker(project, fault)
    outcome = project.pytest("-m", "loadtest", "--gonogo-platform", "docker")
    assert outcome.last_line.startswith("NO-GO: "), outcome.output
    broken = [one["expression"] for one in outcome.judgment["criteria"] if one["verdict"] == "NO-GO"]
    assert any(expression.startswith(criterion) for expression in broken)


def test_what_others_remove_is_not_judged(project: Project) -> None:
    """The requests that it cost are not the service's: INCONCLUSIVE, and the reason says what happened."""
    _in_docker(project, "sound")
    project.write("suites/test_model.py", MEDDLED)
    outcome = project.pytest("-m", "loadtest", "--gonogo-platform", "docker")
    assert outcome.judgment["verdict"] == "INCONCLUSIVE", outcome.output
    assert "container model was removed by somebody else" in outcome.last_line


def test_without_docker_gates_are_skipped_and_forbid_go(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says what to install, and the verdict is no GO."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/socket")
    outcome = project.pytest("-m", "loadtest", "--gonogo-platform", "docker")
    (test,) = outcome.judgment["tests"]
    assert (test["outcome"], outcome.judgment["verdict"]) == ("skipped", "INCONCLUSIVE")
    assert "apt-get install docker.io" in outcome.output


def test_a_required_platform_must_be_there(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --gonogo-require-platform the test is an error, and the machine's fault."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/socket")
    outcome = project.pytest("-m", "loadtest", "--gonogo-platform", "docker", "--gonogo-require-platform")
    (test,) = outcome.judgment["tests"]
    assert (test["outcome"], outcome.judgment["verdict"]) == ("error", "INCONCLUSIVE")
    assert outcome.status == pytest.ExitCode.TESTS_FAILED


def test_an_unknown_platform_is_refused(project: Project) -> None:
    """By naming those that there are."""
    outcome = project.pytest("-m", "loadtest", "--gonogo-platform", "moon")
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert "choose one of: cluster, docker, kind, process" in outcome.output
    assert not Path(outcome.folder).exists()

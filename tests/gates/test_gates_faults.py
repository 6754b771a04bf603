"""Faults in the middle of a load: what the suite does to the stack shows in the figures, and the stack comes back."""

from fixtures.projects import MANIFEST, Project

SUITE = '''\
"""The loss of a replica."""
import pytest

pytestmark = [pytest.mark.loadtest, pytest.mark.stack("manifests")]


def test_survives_the_loss_of_a_replica(stack, load):
    """One of two replicas is killed under load; the other goes on, and the first comes back."""
    predict = stack["model"].target("POST", "/predict", json={"data": [[5.1, 3.5, 1.4, 0.2]]})
    with load.running(predict, rate=40, duration="15s", timeout="30s", require=["success >= 20%"]) as live:
        live.at("1s", lambda: stack["model"].kill(0))
    assert live.run.go
    assert live.run.answered.p50 < 5.0


def test_the_next_test_gets_a_whole_stack(stack):
    """A stack that was hurt serves no other test."""
    assert [replica.ready for replica in stack.replicas()] == [True, True]
    with stack["model"].client() as client:
        assert client.post("/predict", json={}).status_code == 200


async def test_talks_asynchronously(stack):
    """Asynchronous clients take turns over the replicas, too."""
    async with stack["model"].async_client() as client:
        answers = [await client.get("/health") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 4
'''


def test_a_replica_can_be_killed_under_load(project: Project) -> None:
    """The kill is no problem of the service: it is counted as a restart, and the other replica goes on."""
    project.write("manifests/model.yaml", MANIFEST.replace("replicas: 1", "replicas: 2"))
    project.write("suites/test_model.py", SUITE)
    project.write("pytest.ini", "[pytest]\nasyncio_mode = auto\n")
    outcome = project.measured("-m", "loadtest", plugins=("gonogo.plugin", "pytest_asyncio.plugin"))
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output
    usage = outcome.judgment["runs"][0]["usage"]
    assert [(one["replica"], one["restarts"]) for one in usage] == [("shop/model/0", 1), ("shop/model/1", 0)]


PAUSED = '''\
"""A replica that hangs."""
import pytest

pytestmark = [pytest.mark.loadtest, pytest.mark.stack("manifests")]


def test_a_replica_hangs(stack, load):
    """One of two replicas hangs for a while: what it was asked times out, and afterwards all is well."""
    predict = stack["model"].target("POST", "/predict", json={"data": [[5.1, 3.5, 1.4, 0.2]]})
    with load.running(predict, rate=20, duration="14s", timeout="8s", require=["success >= 50%"]) as live:
        live.at("1s", lambda: stack["model"].pause(0))
        live.at("12s", lambda: stack["model"].resume(0))
    assert live.run.go
'''


def test_a_paused_replica_hangs_under_load(project: Project) -> None:
    """Requests to it time out, no restart is counted, and the run's notes say what was done and when."""
    project.write("manifests/model.yaml", MANIFEST.replace("replicas: 1", "replicas: 2"))
    project.write("suites/test_model.py", PAUSED)
    outcome = project.measured("-m", "loadtest")
    (run,) = outcome.judgment["runs"]
    said = [note.rpartition(": ")[2] for note in run["notes"] if "shop/model/0" in note]
    assert said == ["paused shop/model/0", "resumed shop/model/0"], outcome.output
    assert run["summary"]["errors"].get("timeout"), outcome.output
    assert outcome.last_line == "GO", outcome.output
    assert [one["restarts"] for one in run["usage"]] == [0, 0]

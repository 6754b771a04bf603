"""Containers that end are started again as their Pod's policy says, and every restart is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.patience import PATIENCE_S
from gonogo.errors import StackError
from gonogo.manifests.topology import EmptyDirVolume, Exec, Mount, Port, Probe
from gonogo.platforms.process.stack import ProcessStack
from tests.contracts.topologies import HEALTH, container, deployment, topology
from tests.contracts.waiting import eventually
from tests.platforms.machine import IMAGES

Up = Callable[..., ProcessStack]
WEB = (Port(8000, "http"),)


def test_a_container_that_ends_is_started_again(up: Up) -> None:
    """Under Always even a good end is followed by a restart, which is counted and told."""
    stack = up(topology(deployment("job", container("mortal:1", args=("0.5", "0")))))
    eventually(lambda: stack.sample()["shop/job/0"].restarts >= 1)
    told = r"shop/job/0: container main ended with exit status 0 after [0-9.]+ s; .*started again \(restart 1\)"
    assert re.fullmatch(told, stack.problems()[0])


def test_a_container_that_failed_first_may_recover_during_the_start(up: Up) -> None:
    """A service that needs a second try starts, and the first is told as a problem."""
    images = {**IMAGES, "mortal:*": (*IMAGES["mortal:*"], "0", "1", "{workdir}/lives", "1")}
    stack = up(topology(deployment("job", container("mortal:1"))), images=images)
    assert stack.replicas()[0].ready
    assert [text.rpartition("; ")[2] for text in stack.problems()] == ["started again (restart 1)"]


def test_a_pod_that_is_done_counts_as_started(up: Up) -> None:
    """Under Never a good end completes the container: no restart, no problem, no traffic."""
    stack = up(topology(deployment("job", container("mortal:1", args=("0", "0")), kind="Pod", restart_policy="Never")))
    eventually(lambda: not stack.replicas()[0].ready)
    assert stack.problems() == ()
    assert stack.sample()["shop/job/0"].restarts == 0


def test_a_bad_end_under_never_is_told(up: Up, tmp_path: Path) -> None:
    """A container that fails for good leaves its replica unready and is a problem."""
    script = f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; exit 5"
    shell = container("shell:1", command=("sh", "-c", script))
    stack = up(topology(deployment("job", shell, restart_policy="Never")), images={"shell:*": "{command}"})
    (tmp_path / "go").touch()
    eventually(stack.problems)
    assert "ended with exit status 5" in stack.problems()[0]
    assert "restartPolicy Never leaves it so" in stack.problems()[0]


def test_a_failing_liveness_probe_restarts_the_container(up: Up, tmp_path: Path) -> None:
    """After failureThreshold bad answers the container is ended and started again; the problem names the probe."""
    pulse = f"test ! -e {tmp_path}/dead || {{ echo no pulse; exit 1; }}"
    probe = Probe(Exec(("sh", "-c", pulse)), period_s=0.05, timeout_s=PATIENCE_S, failure_threshold=2)
    web = container(ports=WEB, readiness=HEALTH, liveness=probe)
    stack = up(topology(deployment("web", web)))
    (tmp_path / "dead").touch()
    eventually(stack.problems)
    assert "was stopped because its liveness probe failed 2 times" in stack.problems()[0]
    assert "no pulse" in stack.problems()[0]


def test_a_startup_probe_holds_the_others_back(up: Up) -> None:
    """While it has not passed, a failing liveness probe does nothing and the replica is not ready."""
    slow = Probe(
        Exec(("sh", "-c", "test -e started || { touch started; exit 1; }")), period_s=0.1, timeout_s=PATIENCE_S
    )
    alive = Probe(Exec(("test", "-e", "started")), period_s=0.1, timeout_s=PATIENCE_S, failure_threshold=1)
    web = container(
        ports=WEB,
        readiness=HEALTH,
        startup=slow,
        liveness=alive,
        working_dir="/data",
        mounts=(Mount("scratch", "/data"),),
    )
    stack = up(topology(deployment("web", web, volumes=(EmptyDirVolume("scratch"),))))
    assert stack.replicas()[0].ready
    assert stack.problems() == ()


def test_a_startup_probe_that_never_passes_restarts_the_container(up: Up) -> None:
    """Its time is failureThreshold times periodSeconds."""
    never = Probe(Exec(("false",)), period_s=0.1, failure_threshold=2)
    slow = container("echo:1", ports=WEB, startup=never)
    with pytest.raises(StackError, match="was stopped because its startup probe failed 2 times"):
        up(topology(deployment("web", slow)))

"""Limits on the process platform: enforced by control groups where there are some, told where there are none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.manifests.topology import EmptyDirVolume, Mount, Resources
from gonogo.platforms.process.cgroups.choice import CONTROLLERS, Choice, Seat, choose, read_hierarchies
from gonogo.platforms.process.stack import ProcessStack
from tests.contracts.topologies import container, deployment, topology
from tests.contracts.waiting import eventually
from tests.platforms.machine import IMAGES

Up = Callable[..., ProcessStack]
MIB = 1024 * 1024
WORK = (Mount("work", "/work"),)
NO_GROUPS = Choice(reasons=dict.fromkeys(CONTROLLERS, "not delegated"))


def _text(path: str) -> str:
    return Path(path).read_text() if Path(path).is_file() else ""


def _until(path: Path | str) -> str:
    """Return the shell's words for waiting until a file is there."""
    return f"while [ ! -e {path} ]; do sleep 0.02; done"


CAN_HOLD = set(
    choose(
        read_hierarchies(_text("/proc/self/mountinfo"), _text("/proc/self/cgroup")),
        writable=lambda path: os.access(path, os.W_OK),
        read=_text,
    ).seats
)
needs_groups = pytest.mark.skipif(set(CONTROLLERS) != CAN_HOLD, reason="this machine lets us make no control groups")


@needs_groups
def test_a_cpu_limit_throttles(up: Up) -> None:
    """A burner with 0.2 cores is held back, and the sample says for how long."""
    burner = container("burner:1", args=("0.05",), resources=Resources(cpu_limit=0.2))
    stack = up(topology(deployment("web", burner)))
    eventually(lambda: (stack.sample()["shop/web/0"].throttled_s or 0) > 0.1)
    assert stack.replicas()[0].limits[0].startswith("cpu 0.2 cores: enforced (cgroup v")


@needs_groups
def test_an_out_of_memory_kill_is_told_as_such(up: Up, tmp_path: Path) -> None:
    """A container that needs more than its limit is killed by the kernel and the problem says so."""
    images = {"glutton:*": ("sh", "-c", f'{_until(tmp_path / "go")}; exec "$0" "$@"', *IMAGES["glutton:*"])}
    hungry = container("glutton:1", args=("200",), resources=Resources(memory_limit=40 * MIB))
    stack = up(topology(deployment("web", hungry)), images=images)
    (tmp_path / "go").touch()
    eventually(stack.problems)
    assert "needed more than its memory limit of 40 MiB (OOM kill)" in stack.problems()[0]


@pytest.mark.parametrize("choice", [pytest.param(None, marks=needs_groups), NO_GROUPS], ids=["groups", "no groups"])
def test_cpu_time_of_dead_children_counts(up: Up, choice: Choice | None) -> None:
    """A service that works in short-lived children has used their time."""
    burner = container("burner:1", args=("0.01",))
    stack = up(topology(deployment("web", burner)), choice=choice)
    eventually(lambda: stack.sample()["shop/web/0"].cpu_s > 0.5)


def test_cpu_time_of_dead_orphans_counts(up: Up) -> None:
    """Without control groups, children that lost their parent are known by their marker after their end too."""
    burn = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; touch done$n"
    script = f"for n in $(seq 16); do ( ({burn}) & ); {_until('done$n')}; {_until('first')}; done; sleep 600"
    shell = container("shell:1", command=("sh", "-c", f"cd $WORK; {script}"), env={"WORK": "/work"}, mounts=WORK)
    web = deployment("web", shell, volumes=(EmptyDirVolume("work"),))
    stack = up(topology(web), images={"shell:*": "{command}"}, choice=NO_GROUPS)
    work = stack.replicas()[0].log.parents[1] / "volumes" / "shop_web_0" / "work"
    eventually(lambda: stack.sample()["shop/web/0"].cpu_s and (work / "done1").exists())
    first = stack.sample()["shop/web/0"].cpu_s
    (work / "first").touch()
    eventually(lambda: stack.sample()["shop/web/0"].cpu_s and (work / "done16").exists())
    assert stack.sample()["shop/web/0"].cpu_s > 3 * first


@pytest.mark.parametrize("choice", [pytest.param(None, marks=needs_groups), NO_GROUPS], ids=["groups", "no groups"])
def test_resident_memory_is_seen(up: Up, choice: Choice | None) -> None:
    """A service that holds 60 MiB is seen with at least that, and not much more."""
    stack = up(topology(deployment("web", container("glutton:1", args=("60",)))), choice=choice)
    eventually(lambda: 60 * MIB < stack.sample()["shop/web/0"].rss < 100 * MIB)
    assert stack.sample()["shop/web/0"].rss_max >= 60 * MIB


def test_limits_that_cannot_be_held_are_told(up: Up) -> None:
    """Without control groups the limits are listed as not enforced, with the reason, per replica and in the notes."""
    limited = container("stubborn:1", resources=Resources(cpu_limit=0.5, memory_limit=300 * MIB))
    stack = up(topology(deployment("web", limited)), choice=NO_GROUPS, stop_timeout_s=0.1)
    assert stack.replicas()[0].limits == (
        "cpu 0.5 cores: not enforced (not delegated)",
        "memory 300 MiB: not enforced (not delegated)",
    )
    assert "shop/web: memory 300 MiB: not enforced (not delegated)" in stack.notes()
    assert stack.sample()["shop/web/0"].throttled_s is None


def test_too_much_memory_without_control_groups_is_a_problem(up: Up) -> None:
    """What a cluster would have killed is told once."""
    hungry = container("glutton:1", args=("60",), resources=Resources(memory_limit=40 * MIB))
    stack = up(topology(deployment("web", hungry)), choice=NO_GROUPS)
    eventually(stack.problems)
    stack.sample()
    assert len(stack.problems()) == 1
    assert "its memory limit is 40 MiB: a cluster would have killed it" in stack.problems()[0]


def test_groups_that_cannot_be_made_are_told(up: Up) -> None:
    """A seat that looked usable and is not makes the limit not enforced, with the kernel's reason."""
    broken = Choice({"cpu": Seat(1, "/nowhere")}, {"cpuacct": "not delegated", "memory": "not delegated"})
    burner = container("burner:1", args=("0.1",), resources=Resources(cpu_limit=1))
    (limit,) = up(topology(deployment("web", burner)), choice=broken).replicas()[0].limits
    assert limit.startswith("cpu 1 cores: not enforced (No such file or directory at /nowhere/gonogo-")

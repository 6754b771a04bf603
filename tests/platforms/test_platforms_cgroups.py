"""Which control groups are used is decided from the kernel's tables; what is read from them is read right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gonogo.platforms.process.cgroups.cell import StackCells, remove_tree
from gonogo.platforms.process.cgroups.choice import Choice, Hierarchies, Seat, choose, read_hierarchies

V1_MOUNTS = """\
31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
V2_MOUNTS = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


def decide(hierarchies: Hierarchies, files: Mapping[str, str], *, read_only: tuple[str, ...] = ()) -> Choice:
    """Choose on a machine that has only ``files``."""
    return choose(hierarchies, writable=lambda path: path not in read_only, read=lambda path: files.get(path, ""))


def test_version_1_groups_are_found() -> None:
    """Controllers may share a mount, and a mount may show only the part below a container's group."""
    text = "5:cpu,cpuacct:/system/a\n4:memory:/docker/abc/job\n0::/system/a\n"
    assert read_hierarchies(V1_MOUNTS, text) == Hierarchies(
        {
            "cpu": "/sys/fs/cgroup/cpu,cpuacct/system/a",
            "cpuacct": "/sys/fs/cgroup/cpu,cpuacct/system/a",
            "memory": "/sys/fs/cgroup/memory/job",
        },
        "/sys/fs/cgroup/unified/system/a",
        "/sys/fs/cgroup/unified",
    )


def test_version_2_group_is_found() -> None:
    """With version 2 there is one group."""
    found = read_hierarchies(V2_MOUNTS, "0::/user.slice/a.scope\n")
    assert found == Hierarchies({}, "/sys/fs/cgroup/user.slice/a.scope", "/sys/fs/cgroup")


def test_version_1_is_used_below_the_own_group() -> None:
    """An outer limit stays in force."""
    choice = decide(Hierarchies({"cpu": "/c/a", "cpuacct": "/c/a", "memory": "/m/a"}), {})
    assert choice.seats == {"cpu": Seat(1, "/c/a"), "cpuacct": Seat(1, "/c/a"), "memory": Seat(1, "/m/a")}
    assert choice.folders == ("/c/a", "/m/a")


def test_what_may_not_be_written_is_a_reason() -> None:
    """A read-only mount, as in most containers, is told per controller."""
    choice = decide(Hierarchies({"cpu": "/c", "cpuacct": "/c", "memory": "/m"}), {}, read_only=("/m",))
    assert set(choice.seats) == {"cpu", "cpuacct"}
    assert choice.reasons == {"memory": "/m is not writable"}


V2 = Hierarchies({}, "/cg/user/a.scope", "/cg")


def test_version_2_makes_groups_beside_the_own_one() -> None:
    """Groups with controllers may not stand below a group with processes: the empty parent serves."""
    choice = decide(V2, {"/cg/user/cgroup.controllers": "cpuset cpu memory pids"})
    seat = Seat(2, "/cg/user", ("cpu", "memory"))
    assert choice.seats == {"cpu": seat, "cpuacct": seat, "memory": seat}


@pytest.mark.parametrize(
    ("files", "read_only", "reason"),
    [
        ({"/cg/user/cgroup.controllers": "cpu memory"}, ("/cg/user",), "/cg/user is not writable (no delegation)"),
        (
            {"/cg/user/cgroup.controllers": "cpu memory", "/cg/user/cgroup.procs": "1\n"},
            (),
            "/cg/user holds processes, so it cannot hand controllers to groups below it",
        ),
        ({"/cg/user/cgroup.controllers": "pids"}, (), "neither cpu nor memory is delegated to /cg/user"),
    ],
    ids=["not delegated", "not empty", "no controllers"],
)
def test_version_2_without_delegation_says_why(files: dict[str, str], read_only: tuple[str, ...], reason: str) -> None:
    """Every controller has the reason."""
    choice = decide(V2, files, read_only=read_only)
    assert choice.seats == {}
    assert set(choice.reasons.values()) == {reason}


def test_a_controller_that_is_not_delegated_is_told() -> None:
    """Memory may be ours to use where cpu is not."""
    choice = decide(V2, {"/cg/user/cgroup.controllers": "memory pids"})
    assert choice.seats == {"memory": Seat(2, "/cg/user", ("memory",))}
    assert choice.reasons["cpu"] == "the controller cpu is not delegated to /cg/user"


def test_the_real_root_serves_itself() -> None:
    """Only the root may have processes beside groups; a container's own root is none and has a cgroup.type."""
    controllers = {"/cg/cgroup.controllers": "cpu memory", "/cg/cgroup.procs": "1\n"}
    assert decide(Hierarchies({}, "/cg", "/cg"), controllers).folders == ("/cg",)
    inside = {**controllers, "/cg/cgroup.type": "domain"}
    assert decide(Hierarchies({}, "/cg", "/cg"), inside).folders == ()


def test_a_machine_without_control_groups_is_told() -> None:
    """Nothing mounted is a reason as well."""
    assert set(decide(Hierarchies(), {}).reasons.values()) == {"no cgroup file system is mounted"}


def _group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text)


@pytest.fixture
def unified(tmp_path: Path) -> Path:
    """A folder with the files that the kernel would make for a version 2 group and a cell in it."""
    _group(tmp_path, cgroup_subtree_control="")
    _group(tmp_path / "gonogo-s", cgroup_subtree_control="memory")
    _group(
        tmp_path / "gonogo-s" / "web",
        cgroup_procs="7\n8\n",
        cpu_max="max 100000",
        cpu_stat="usage_usec 2500000\nthrottled_usec 300000\n",
        memory_max="max",
        memory_stat="anon 1000\nfile 5000\nfile_mapped 200\n",
        memory_events="oom 1\noom_kill 2\n",
    )
    (tmp_path / "gonogo-s" / "web" / "memory.oom.group").write_text("0")
    return tmp_path


def cells(folder: Path) -> StackCells:
    """Make the cells of a stack in a version 2 group."""
    seat = Seat(2, str(folder), ("cpu", "memory"))
    return StackCells(Choice({"cpu": seat, "cpuacct": seat, "memory": seat}), "s")


def test_version_2_limits_are_written(unified: Path) -> None:
    """cpu.max is quota and period in microseconds; controllers are switched on where they are not."""
    cell = cells(unified).make("web", cpu_limit=0.5, memory_limit=1 << 20)
    web = unified / "gonogo-s" / "web"
    assert cell.failures == {}
    assert (web / "cpu.max").read_text() == "50000 100000"
    assert (web / "memory.max").read_text() == "1048576"
    assert (web / "memory.oom.group").read_text() == "1"
    assert (unified / "cgroup.subtree_control").read_text() == "+cpu +memory"
    assert (unified / "gonogo-s" / "cgroup.subtree_control").read_text().startswith("+cpu")


def test_version_2_usage_is_read(unified: Path) -> None:
    """Seconds from microseconds; resident is anonymous and mapped; kills of the limit are counted."""
    cell = cells(unified).make("web", cpu_limit=None, memory_limit=None)
    used = cell.usage()
    assert (used.cpu_s, used.throttled_s, used.rss, used.oom_kills) == (2.5, 0.3, 1200, 2)
    assert cell.processes() == frozenset({7, 8})


def test_one_door_for_controllers_that_share_a_group(unified: Path) -> None:
    """A process enters a version 2 group once."""
    door = unified / "gonogo-s" / "web" / "cgroup.procs"
    assert cells(unified).make("web", cpu_limit=None, memory_limit=None).doors == (str(door),)


def test_a_limit_that_cannot_be_written_is_a_failure(unified: Path) -> None:
    """The cell still accounts, and says what the kernel said."""
    (unified / "gonogo-s" / "web" / "cpu.max").unlink()
    cell = cells(unified).make("web", cpu_limit=1, memory_limit=None)
    assert cell.failures["cpu"].startswith("No such file or directory at ")
    assert "cpu" in cell.groups


def test_a_tree_of_groups_is_removed(tmp_path: Path) -> None:
    """Inner groups first."""
    (tmp_path / "gonogo-s" / "a" / "b").mkdir(parents=True)
    assert remove_tree(tmp_path / "gonogo-s")
    assert list(tmp_path.iterdir()) == []

"""A proxy in its control groups: it enters them before it runs, and they are gone when it is."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from gonogo.manifests.host import Host
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.sidecar import Outlet
from gonogo.platforms.process.cgroups.choice import Choice
from gonogo.platforms.process.cgroups.here import choice_here
from gonogo.platforms.process.confine import confine, release
from gonogo.sidecar.cage import FREE, Cage
from gonogo.sidecar.client import ClientSidecar
from gonogo.sidecar.order import SidecarOrder
from tests.contracts.waiting import eventually

PROXIES = ("envoy", "nginx")
IRIS = Host("shop", "iris")
LIMITED = SidecarOrder(cpu_limit=0.5, memory_limit=512 << 20, where="Pod shop/client")


def started(proxy: str, folder: Path, cage: Cage) -> ClientSidecar:
    """Return a running sidecar in ``cage``."""
    return ClientSidecar(proxy, Policy((Ruling(IRIS),)), [Outlet(IRIS, 8000, None)], folder=folder, cage=cage)


def groups_of(made: ClientSidecar) -> set[str]:
    """Return the control groups of the proxy's processes, as the kernel names them."""
    pids = [child.pid for child in psutil.Process(made.pid).children(recursive=True)]
    return {line for pid in pids for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()}


@pytest.mark.parametrize("proxy", PROXIES)
def test_the_proxy_comes_in_and_the_groups_go_with_it(proxy: str, tmp_path: Path) -> None:
    """It writes 0 into every door before it runs; the folders are removed once it has ended."""
    doors, folders = [tmp_path / "cpu.door", tmp_path / "memory.door"], [tmp_path / "group"]
    for door in doors:
        door.touch()
    for folder in folders:
        folder.mkdir()
    made = started(proxy, tmp_path / "sidecar", Cage(tuple(map(str, doors)), tuple(map(str, folders))))
    try:
        assert [door.read_bytes() for door in doors] == [b"0", b"0"]
    finally:
        made.stop()
    assert not any(folder.exists() for folder in folders)


@pytest.mark.parametrize("proxy", PROXIES)
def test_the_kernel_holds_the_proxy_to_its_limits(proxy: str, tmp_path: Path) -> None:
    """All of its processes are in groups of its own with the limits; afterwards there is no such group."""
    if missing := {"cpu", "memory"} - set(choice_here().seats):
        pytest.skip(f"this machine lets nobody make groups for {', '.join(sorted(missing))}")
    cage = confine(LIMITED)
    assert (cage.held, cage.unheld) == (("cpu 0.5 cores", "memory 512 MiB"), ())
    made = started(proxy, tmp_path / "sidecar", cage)
    try:
        name = Path(cage.folders[-1]).name
        assert any(f"/{name}/proxy" in line for line in groups_of(made))
        limits = "".join(file.read_text() for folder in cage.folders for file in Path(folder).glob("memory*max"))
        limits += "".join(
            file.read_text() for folder in cage.folders for file in Path(folder).glob("memory.limit_in_bytes")
        )
        assert str(512 << 20) in limits
    finally:
        made.stop()
    eventually(lambda: not any(Path(folder).exists() for folder in cage.folders))


def test_groups_of_a_sidecar_that_did_not_start_are_removed() -> None:
    """There is no guardian that would do it."""
    cage = confine(LIMITED)
    release(cage)
    assert not any(Path(folder).exists() for folder in cage.folders)


def test_a_limit_that_nothing_holds_is_told_with_the_reason() -> None:
    """Where no group can be made, the judgment says so, and the sidecar runs without."""
    nowhere = Choice({}, {"cpu": "/sys/fs/cgroup is not writable", "memory": "/sys/fs/cgroup is not writable"})
    cage = confine(LIMITED, nowhere)
    assert (cage.doors, cage.held) == ((), ())
    assert cage.unheld == (
        "Pod shop/client: the sidecar's limit of cpu 0.5 cores is not enforced: /sys/fs/cgroup is not writable",
        "Pod shop/client: the sidecar's limit of memory 512 MiB is not enforced: /sys/fs/cgroup is not writable",
    )


def test_without_a_limit_nothing_is_made() -> None:
    """Requests hold nothing, as in a cluster."""
    assert confine(SidecarOrder(workers=2)) == FREE

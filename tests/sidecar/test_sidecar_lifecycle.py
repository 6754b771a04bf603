"""The client's sidecar as processes: it starts, says why when it does not, and ends with its owner."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from gonogo.errors import EnvironmentFault, MissingPart, SettingsError
from gonogo.manifests.host import Host
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.sidecar import Address, Endpoint, Outlet
from gonogo.sidecar.client import ClientSidecar
from gonogo.sidecar.program import program
from gonogo.sidecar.slot import claim_slot
from tests.contracts.waiting import eventually
from tests.mesh.backends import Backends

PROXIES = ("envoy", "nginx")
IRIS = Host("shop", "iris")
POLICY = Policy((Ruling(IRIS),))

OWNER = """
import sys, time
from pathlib import Path
from gonogo.manifests.host import Host
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.sidecar import Outlet
from gonogo.sidecar.client import ClientSidecar
iris = Host("shop", "iris")
made = ClientSidecar(sys.argv[1], Policy((Ruling(iris),)), [Outlet(iris, 8000, None)], folder=Path(sys.argv[2]))
print(made.outlets[0].listen, made.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def replica() -> Iterator[Endpoint]:
    """A replica that answers."""
    backends = Backends()
    yield Endpoint(Address("127.0.0.1", backends.start("one").port))
    backends.close()


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all below it."""
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of the processes runs any more."""
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_request_passes_to_the_replica(proxy: str, replica: Endpoint, tmp_path: Path) -> None:
    """Once the sidecar has been made it takes requests, at an address of its own, and forwards them."""
    made = ClientSidecar(proxy, POLICY, [Outlet(IRIS, 8000, None, (replica,))], folder=tmp_path / "sidecar")
    try:
        [outlet] = made.outlets
        assert outlet.listen is not None
        answer = httpx.get(f"http://{outlet.listen}/", trust_env=False)
        assert (answer.status_code, outlet.listen.loopback) == (200, True)
    finally:
        made.stop()


@pytest.mark.parametrize("proxy", PROXIES)
def test_nothing_is_left_after_the_stop(proxy: str, tmp_path: Path) -> None:
    """After stop() no process of the proxy runs."""
    made = ClientSidecar(proxy, POLICY, [Outlet(IRIS, 8000, None)], folder=tmp_path / "sidecar")
    processes = family(made.pid)
    made.stop()
    assert len(processes) > 1
    assert gone(processes)


@pytest.mark.parametrize("proxy", PROXIES)
def test_the_sidecar_dies_with_its_owner(proxy: str, tmp_path: Path) -> None:
    """An owner that is killed with SIGKILL leaves no process behind."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, proxy, str(tmp_path / "sidecar")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert owner.stdout is not None
        with owner.stdout:
            _, pid = owner.stdout.readline().split()
        processes = family(int(pid))
    finally:
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait(10)
    eventually(lambda: gone(processes), 10.0)


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_sidecar_that_ends_is_a_problem(proxy: str, tmp_path: Path) -> None:
    """When the proxy is killed, the sidecar says so, and refuses changes."""
    made = ClientSidecar(proxy, POLICY, [Outlet(IRIS, 8000, None)], folder=tmp_path / "sidecar")
    try:
        for process in family(made.pid)[1:]:
            process.kill()
        eventually(lambda: bool(made.problem), 10.0)
        with pytest.raises(EnvironmentFault):
            made.change(POLICY, [Outlet(IRIS, 8000, None, (Endpoint(Address("127.0.0.1", 9)),))])
    finally:
        made.stop()


def test_administration_listens_on_no_port(tmp_path: Path) -> None:
    """The sidecar's Envoy listens at the Services' addresses alone; its administration is a unix socket."""
    made = ClientSidecar("envoy", POLICY, [Outlet(IRIS, 8000, None)], folder=tmp_path / "sidecar")
    try:
        [outlet] = made.outlets
        listening = {
            (each.laddr.ip, each.laddr.port)
            for process in family(made.pid)
            for each in process.net_connections(kind="tcp")
            if each.status == psutil.CONN_LISTEN
        }
        assert outlet.listen is not None
        assert listening == {(outlet.listen.ip, outlet.listen.port)}
    finally:
        made.stop()


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_taken_port_is_an_environment_fault(proxy: str, tmp_path: Path) -> None:
    """A port that something has on all addresses is named before a proxy starts."""
    with socket.create_server(("0.0.0.0", 0)) as taken:  # noqa: S104 - the test is about this
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentFault, match=f":{port}: address already in use"):
            ClientSidecar(proxy, POLICY, [Outlet(IRIS, port, None)], folder=tmp_path / "sidecar")


def test_a_missing_proxy_is_named_with_its_extra(tmp_path: Path) -> None:
    """Where no program is found, the message says what to install."""
    with pytest.raises(MissingPart, match=r"Envoy.*gonogo\[mesh\]"):
        program("envoy", search=str(tmp_path))


def test_an_unknown_proxy_is_refused() -> None:
    """The message names those that there are."""
    with pytest.raises(SettingsError, match="envoy, nginx"):
        program("haproxy")


def test_two_slots_have_different_addresses() -> None:
    """Sidecars that begin at the same number get blocks of their own."""
    first, second = claim_slot(7), claim_slot(7)
    try:
        assert first.address(1, 8000) != second.address(1, 8000)
    finally:
        first.close()
        second.close()


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxy_that_does_not_start_says_why(proxy: str, tmp_path: Path) -> None:
    """The proxy's own words are in the message."""
    folder = tmp_path / "sidecar"
    folder.mkdir()
    (folder / "access.json").mkdir()
    with pytest.raises(EnvironmentFault, match=r"(?i)access\.json"):
        ClientSidecar(proxy, POLICY, [Outlet(IRIS, 8000, None)], folder=folder)

"""A real Envoy that follows its files: rules change under traffic, and no request is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import httpx
import pytest

from gonogo.manifests.host import Host
from gonogo.manifests.syntax import parse
from gonogo.mesh import dynamic_files, read
from gonogo.mesh.envoy.bootstrap import BOOTSTRAP
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Address, Endpoint, Outlet, Sidecar
from tests.mesh.backends import Backend, Backends
from tests.mesh.proxies import Proxy, free_ports, start_envoy, wait_for
from tests.mesh.world import NAMESPACE, Stack, manifests

RULES = """
DestinationRule
host: NAME
trafficPolicy: {connectionPool: {http: {http2MaxRequests: LIMIT}}}
subsets: [{name: svc, labels: {version: svc}}, {name: rf, labels: {version: rf}}]
---
VirtualService
hosts: [NAME]
http:
  - route:
      - {destination: {host: NAME, subset: svc}, weight: SVC}
      - {destination: {host: NAME, subset: rf}, weight: RF}
"""


def policy(rf: int, limit: int = 100) -> Policy:
    """Return the policy with ``rf`` percent to rf and at most ``limit`` requests at a time."""
    rules = RULES.replace("SVC", str(100 - rf)).replace("RF", str(rf)).replace("LIMIT", str(limit))
    return read(parse(manifests({"iris": Stack(rules)}), "stack.yaml"))


@dataclass
class Following:
    """A running Envoy and the folder that it follows."""

    proxy: Proxy
    sidecar: Sidecar
    folder: Path
    backends: Backends
    replicas: dict[str, Backend]
    url: str

    def turn(self, wanted: Policy, sidecar: Sidecar | None = None) -> None:
        """Replace the files that differ, each in one step."""
        for name, text in dynamic_files(wanted, sidecar or self.sidecar, str(self.folder)).items():
            file = self.folder / name
            if file.read_text() != text:
                beside = file.with_suffix(".new")
                beside.write_text(text)
                beside.replace(file)

    def served(self) -> str:
        """Return who answers a request."""
        name: str = httpx.get(self.url, trust_env=False).json()["backend"]
        return name

    def until(self, name: str) -> None:
        """Wait until ``name`` answers."""
        wait_for(lambda: self.served() == name, name)


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Following]:
    """An Envoy with one Service of two versions."""
    folder = tmp_path_factory.mktemp("dynamic")
    backends = Backends()
    proxy = None
    try:
        replicas = {version: backends.start(version) for version in ("svc", "rf")}
        [port] = free_ports(1)
        endpoints = tuple(Endpoint(Address("127.0.0.1", b.port), {"version": name}) for name, b in replicas.items())
        outlet = Outlet(Host(NAMESPACE, "iris"), 8000, Address("127.0.0.1", port), endpoints)
        sidecar = Sidecar((outlet,), access_log=str(folder / "access.json"))
        for name, text in dynamic_files(policy(0), sidecar, str(folder)).items():
            (folder / name).write_text(text)
        proxy = start_envoy(folder, folder / BOOTSTRAP, [port])
        yield Following(proxy, sidecar, folder, backends, replicas, f"http://127.0.0.1:{port}/")
    finally:
        if proxy:
            proxy.stop()
        backends.close()


def test_a_changed_weight_takes_effect(following: Following) -> None:
    """Traffic moves to the other subset without a restart, and back."""
    following.turn(policy(100))
    following.until("rf")
    following.turn(policy(0))
    following.until("svc")


def test_a_new_replica_takes_requests(following: Following) -> None:
    """A changed list of endpoints takes effect without a restart."""
    more = following.backends.start("more")
    [outlet] = following.sidecar.outlets
    grown = (*outlet.endpoints, Endpoint(Address("127.0.0.1", more.port), {"version": "svc"}))
    following.turn(policy(0), Sidecar((replace(outlet, endpoints=grown),), access_log=following.sidecar.access_log))
    following.until("more")
    following.turn(policy(0))


def test_changes_under_traffic_lose_no_request(following: Following) -> None:
    """While weights and limits change 20 times, every one of the requests is answered with 200."""
    done = Event()

    def send() -> list[int]:
        statuses = []
        with httpx.Client(trust_env=False) as client:
            while not done.is_set():
                statuses.append(client.get(following.url).status_code)
        return statuses

    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(send) for _ in range(4)]
        try:
            for turn in range(20):
                following.turn(policy((turn % 2) * 100, limit=100 + turn))
                following.until(("svc", "rf")[turn % 2])
        finally:
            done.set()
        statuses = [status for one in sent for status in one.result(20)]
    assert len(statuses) > 20
    assert set(statuses) == {200}

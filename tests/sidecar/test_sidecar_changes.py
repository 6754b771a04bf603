"""Rules and replicas that change while requests come: the sidecar acts on them and loses no request."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import pytest

from gonogo.errors import EnvironmentFault
from gonogo.load import driver
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.manifests.host import Host
from gonogo.manifests.syntax import parse
from gonogo.mesh import read
from gonogo.mesh.policy.change import with_limits, with_weights
from gonogo.mesh.policy.match import Kind, Match, StringMatch
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.route import Route
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.sidecar import Address, Endpoint, Outlet
from gonogo.sidecar.client import ClientSidecar
from tests.mesh.backends import Backend, Backends
from tests.mesh.world import NAMESPACE, TWO_VERSIONS, Stack, manifests

PROXIES = ("envoy", "nginx")
HOST = Host(NAMESPACE, "iris")
POLICY = read(parse(manifests({"iris": Stack(TWO_VERSIONS)}), "stack.yaml"))
CHANGES = 50
RATE = 200.0
SPACE_S = 0.2


class Running:
    """A sidecar with two replicas behind it."""

    def __init__(self, proxy: str, folder: Path) -> None:
        self.backends = Backends()
        self.replicas = {version: self.backends.start(version) for version in ("svc", "rf")}
        self.sidecar = ClientSidecar(proxy, POLICY, [self.outlet(self.replicas)], folder=folder)
        [outlet] = self.sidecar.outlets
        assert outlet.listen is not None
        self.address = (outlet.listen.ip, outlet.listen.port)
        self.url = f"http://{outlet.listen}/"

    @staticmethod
    def outlet(replicas: dict[str, Backend]) -> Outlet:
        """Return the Service's outlet with ``replicas`` by version."""
        reached = tuple(
            Endpoint(Address("127.0.0.1", replica.port), {"app": "iris", "version": version})
            for version, replica in replicas.items()
        )
        return Outlet(HOST, 8000, None, reached)

    def change(self, policy: Policy) -> None:
        """Change the rules."""
        self.sidecar.change(policy, [self.outlet(self.replicas)])

    def served(self, number: int = 10) -> Counter[str]:
        """Return who answers ``number`` requests, each over a connection of its own."""
        return Counter(str(httpx.get(self.url, trust_env=False).json()["backend"]) for _ in range(number))

    def close(self) -> None:
        """End the sidecar and the replicas."""
        self.sidecar.stop()
        self.backends.close()


@pytest.fixture(scope="module", params=PROXIES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sidecar of each kind."""
    made = Running(request.param, tmp_path_factory.mktemp(request.param))
    yield made
    made.close()


def test_a_change_acts_when_it_returns(running: Running) -> None:
    """The first request after the change goes by the new weights."""
    running.change(with_weights(POLICY, HOST, {"rf": 100}))
    assert running.served() == {"rf": 10}
    running.change(POLICY)
    assert running.served() == {"svc": 10}


def test_replicas_that_come_and_go_are_followed(running: Running) -> None:
    """A replica that is not in the list any more gets nothing; one that is new gets requests."""
    new = running.backends.start("new")
    running.sidecar.change(POLICY, [running.outlet({"svc": new})])
    assert running.served() == {"new": 10}
    running.change(POLICY)
    assert running.served() == {"svc": 10}


def test_a_service_without_replicas_is_answered_by_the_sidecar(running: Running) -> None:
    """With no replica left, the client gets a 503 at once, flagged UH, and the sidecar goes on."""
    running.sidecar.change(POLICY, [Outlet(HOST, 8000, None)])
    request_id = uuid4().hex
    answer = httpx.get(running.url, headers={"x-request-id": request_id}, trust_env=False)
    joined = running.sidecar.log.join(np.array([request_id], dtype=object), np.ones(1, np.bool_))
    assert (answer.status_code, joined.flags.tolist()) == (503, ["UH"])
    running.change(POLICY)
    assert running.served() == {"svc": 10}


def test_rules_that_the_proxy_refuses_change_nothing(running: Running) -> None:
    """What cannot be carried out is an error with the proxy's words; the rules before go on."""
    [ruling] = POLICY.rulings
    assert ruling.routes is not None
    broken = Route(ruling.routes[0].action, (Match(uri=StringMatch(Kind.REGEX, "(")),))
    with pytest.raises(EnvironmentFault, match="refuses the rules"):
        running.change(Policy((Ruling(HOST, routes=(broken,), subsets=ruling.subsets),)))
    assert running.served() == {"svc": 10}


def test_fifty_changes_under_load_lose_no_request(running: Running, tmp_path: Path) -> None:
    """While weights and limits change 50 times in 10 s, every one of the requests is answered with 200."""
    target = Target.build("GET", "http://iris:8000/", endpoints=[running.address])
    plan = LoadPlan(
        name="changes", targets=(target,), rate=RATE, duration_s=CHANGES * SPACE_S + 1, warmup_s=0.0, timeout_s=10.0
    )
    with driver.start(plan, tmp_path) as load:
        begun = time.monotonic()
        for number in range(CHANGES):
            weights = {"svc": 100, "rf": 0} if number % 2 else {"svc": 0, "rf": 100}
            limits = {"max_connections": 200 + number}
            running.change(with_limits(with_weights(POLICY, HOST, weights), HOST, limits))
            time.sleep(max(0.0, begun + (number + 1) * SPACE_S - time.monotonic()))  # the changes' own schedule
        columns = load.wait().columns
    running.change(POLICY)
    assert Counter(columns.status.tolist()) == {200: len(columns)}
    assert len(columns) > CHANGES

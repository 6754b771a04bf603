"""Sticky splits: a user keeps the destination behind a real proxy, and moves only to the one whose weight grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from gonogo.manifests.host import Host
from gonogo.manifests.syntax import parse
from gonogo.mesh import envoy_filters, read
from gonogo.mesh.nginx.file import configuration
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Address, Endpoint, Outlet, Sidecar
from tests.mesh.backends import Backends
from tests.mesh.proxies import Proxy, behind_envoy, behind_nginx, free_ports

USERS = [f"user-{number}" for number in range(100)]
WEIGHTS = (1, 5, 25, 50, 100)
PROXIES = {"envoy": behind_envoy, "nginx": behind_nginx}

RULES = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: iris, namespace: mesh}
spec:
  host: iris
  subsets: [{name: svc, labels: {version: svc}}, {name: rf, labels: {version: rf}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: iris, namespace: mesh, annotations: {gonogo.dev/sticky: 'STICKY'}}
spec:
  hosts: [iris]
  http:
    - name: split
      route:
        - {destination: {host: iris, subset: svc}, weight: SVC}
        - {destination: {host: iris, subset: rf}, weight: RF}
"""


def policy(rf: int, sticky: str = "header:x-user") -> Policy:
    """Return the policy with ``rf`` percent to rf."""
    text = RULES.replace("STICKY", sticky).replace("SVC", str(100 - rf)).replace("RF", str(rf))
    return read(parse(text, "rules.yaml"))


@dataclass(frozen=True)
class Asked:
    """Which destination each of the users got, for one weight."""

    client: httpx.Client

    def by_header(self, user: str) -> str:
        """Return who answers a user who is named in a header."""
        return str(self.client.get("/", headers={"x-user": user}).json()["backend"])

    def by_cookie(self, user: str) -> str:
        """Return who answers a user who is named in a cookie."""
        return str(self.client.get("/", headers={"cookie": f"user={user}"}).json()["backend"])


@pytest.fixture(scope="module")
def backends() -> Iterator[Backends]:
    """Where requests end up."""
    started = Backends()
    yield started
    started.close()


@pytest.fixture(scope="module")
def endpoints(backends: Backends) -> tuple[Endpoint, ...]:
    """One replica of each version."""
    made = {version: backends.start(version) for version in ("svc", "rf")}
    return tuple(Endpoint(Address("127.0.0.1", one.port), {"version": name}) for name, one in made.items())


@pytest.fixture(params=sorted(PROXIES))
def serve(
    request: pytest.FixtureRequest, endpoints: tuple[Endpoint, ...], tmp_path: Path
) -> Iterator[Callable[[Policy], Asked]]:
    """Start the proxy with a policy; the one before it ends."""
    running: list[tuple[Proxy, httpx.Client]] = []

    def stop() -> None:
        for proxy, client in running:
            client.close()
            proxy.stop()
        running.clear()

    def start(wanted: Policy) -> Asked:
        stop()
        [port] = free_ports(1)
        outlet = Outlet(Host("mesh", "iris"), 8000, Address("127.0.0.1", port), endpoints)
        sidecar = Sidecar((outlet,), access_log=str(tmp_path / "access.json"))
        proxy = PROXIES[request.param](wanted, sidecar, tmp_path)
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False)
        running.append((proxy, client))
        return Asked(client)

    yield start
    stop()


def test_users_move_at_most_once_and_to_the_candidate(serve: Callable[[Policy], Asked]) -> None:
    """From 1 % to 100 % nobody who has met the candidate meets the current model again, and in the end all have."""
    met: dict[str, list[str]] = {user: [] for user in USERS}
    for weight in WEIGHTS:
        asked = serve(policy(weight))
        for user in USERS:
            met[user].append(asked.by_header(user))
    assert [user for user, path in met.items() if path != sorted(path, reverse=True)] == []
    assert {path[-1] for path in met.values()} == {"rf"}
    assert 10 <= sum(path[2] == "rf" for path in met.values()) <= 45  # 25 of 100: beyond 4 standard deviations


def test_the_same_user_gets_the_same_answer_every_time(serve: Callable[[Policy], Asked]) -> None:
    """Twenty requests of a user end at one destination, by header."""
    asked = serve(policy(50))
    assert [len({asked.by_header(user) for _ in range(20)}) for user in USERS[:4]] == [1] * 4


def test_a_cookie_tells_users_apart_as_well(serve: Callable[[Policy], Asked]) -> None:
    """The cookie that the annotation names decides, and no header."""
    asked = serve(policy(50, "cookie:user"))
    assert [len({asked.by_cookie(user) for _ in range(5)}) for user in USERS[:8]] == [1] * 8
    assert {asked.by_cookie(user) for user in USERS[:20]} == {"svc", "rf"}


def test_requests_of_nobody_are_drawn_one_by_one(serve: Callable[[Policy], Asked]) -> None:
    """Without the header no request sticks to another: 40 draws at 50 % all alike come once in 10^11 runs."""
    asked = serve(policy(50))
    assert {asked.client.get("/").json()["backend"] for _ in range(40)} == {"svc", "rf"}


def test_istio_gets_an_envoy_filter_for_the_same_route() -> None:
    """It finds the route by the host and the name that istiod gives it, and has it use the hash."""
    outlet = Outlet(Host("mesh", "iris"), 8000, None)
    [made] = yaml.safe_load_all(envoy_filters(policy(40), Sidecar((outlet,))))
    [patch] = made["spec"]["configPatches"]
    assert (made["kind"], made["metadata"]["namespace"], patch["applyTo"]) == ("EnvoyFilter", "mesh", "HTTP_ROUTE")
    vhost = patch["match"]["routeConfiguration"]["vhost"]
    assert vhost == {"name": "iris.mesh.svc.cluster.local:8000", "route": {"name": "split"}}
    assert patch["patch"]["value"]["route"] == {
        "hash_policy": [{"header": {"header_name": "x-user"}, "terminal": True}],
        "weighted_clusters": {"use_hash_policy": True},
    }


def test_nothing_is_rendered_for_istio_without_a_sticky_split() -> None:
    """An unsticky policy needs no EnvoyFilter."""
    outlet = Outlet(Host("mesh", "iris"), 8000, None)
    assert envoy_filters(policy(40, "nothing"), Sidecar((outlet,))) == ""


def test_a_header_that_nginx_cannot_name_is_a_finding(endpoints: tuple[Endpoint, ...]) -> None:
    """What is declared sticky and is not would be found out in production otherwise."""
    outlet = Outlet(Host("mesh", "iris"), 8000, Address("127.0.0.1", 8000), endpoints)
    _, findings = configuration(policy(40, "cookie:my.user"), Sidecar((outlet,)))
    assert [finding.rule for finding in findings] == ["nginx-cannot"]

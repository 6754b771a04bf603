"""What becomes of requests that the breaker of a real proxy turns away: the same behind Envoy and Nginx."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.rejection import Rejection
from gonogo.mesh.sidecar import Sidecar
from tests.mesh.proxies import Proxy, behind_envoy, behind_nginx
from tests.mesh.world import ONLY, SINGLE, World, build, crowd

PROXIES = {"envoy": behind_envoy, "nginx": behind_nginx}
WORDS = Rejection(429, '{"detail": "100% busy, $5"}', "application/json", 7)

STACKS = {
    "plain": SINGLE,
    "rejection": SINGLE,
    "overflow": replace(SINGLE, overflow="taker:8000"),
    "lost": replace(SINGLE, overflow="busy:8000"),
    "both": replace(SINGLE, overflow="later:8000"),
    "later": ONLY,
    "taker": ONLY,
    "busy": ONLY,
}


@pytest.fixture(scope="module", params=sorted(PROXIES))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All stacks of this module behind one proxy; the breakers of two of them answer in their own words."""

    def start(policy: Policy, sidecar: Sidecar, folder: Path) -> Proxy:
        worded = (
            replace(ruling, rejection=WORDS) if ruling.host.name in ("rejection", "both") else ruling
            for ruling in policy.rulings
        )
        return PROXIES[request.param](Policy(tuple(worded)), sidecar, folder)

    made = build(STACKS, tmp_path_factory.mktemp(request.param), start)
    yield made
    made.close()


def test_a_rejection_is_told_from_the_services_own_503(world: World) -> None:
    """The breaker's 503 has the flag UO in its record; the service's has none."""
    answers = crowd(world, "plain", 2, held=1)
    [turned_away] = [answer.request.headers["x-request-id"] for answer in answers if answer.status_code == 503]
    world.replica("plain").status = 503
    with world.client("plain") as client:
        client.get("/", headers={"x-request-id": "own"})
    own = world.proxy.record("own")
    assert (world.proxy.record(turned_away).rejected, own.status, own.flags) == (True, 503, frozenset())


def test_what_is_turned_away_is_taken_elsewhere(world: World) -> None:
    """A request with a body reaches the taker as it was, and the client gets the taker's answer."""
    world.replica("taker").status = 202
    body = b'{"data": "\xc3\xa9"}'
    answers = crowd(world, "overflow", 2, held=1, body=body)
    taken = next(answer for answer in answers if answer.status_code == 202)
    assert taken.json()["backend"] == "taker-svc-0"
    (received,) = world.replica("taker").received
    assert (received.method, received.path, received.body) == ("POST", "/", body)
    assert received.headers["x-request-id"] == taken.request.headers["x-request-id"]
    assert world.proxy.record(taken.request.headers["x-request-id"]).rejected


def test_a_request_without_a_body_is_not_taken_elsewhere(world: World) -> None:
    """It cannot be answered later: the breaker turns it away."""
    assert sorted(answer.status_code for answer in crowd(world, "overflow", 2, held=1)) == [200, 503]


def test_what_the_taker_refuses_is_turned_away(world: World) -> None:
    """A full queue is an honest 503."""
    world.replica("busy").status = 503
    answers = crowd(world, "lost", 2, held=1, body=b"{}")
    assert sorted(answer.status_code for answer in answers) == [200, 503]


def test_the_breaker_answers_in_declared_words(world: World) -> None:
    """Status, body, type and Retry-After are those of the declaration."""
    [refused] = [answer for answer in crowd(world, "rejection", 2, held=1) if answer.status_code != 200]
    assert (refused.status_code, refused.text) == (WORDS.status, WORDS.body)
    assert (refused.headers["content-type"], refused.headers["retry-after"]) == ("application/json", "7")


def test_declared_words_are_not_the_takers(world: World) -> None:
    """What was taken elsewhere is no rejection: nothing of its words stays in the taker's answer."""
    answers = crowd(world, "both", 2, held=1, body=b"{}")
    taken = next(answer for answer in answers if answer.json().get("backend") == "later-svc-0")
    assert (taken.status_code, taken.headers.get("retry-after")) == (200, None)


def test_declared_words_are_for_the_breaker_alone(world: World) -> None:
    """The service's own 503 passes as it is."""
    world.replica("rejection").status = 503
    with world.client("rejection") as client:
        answer = client.get("/")
    world.replica("rejection").status = 200
    assert (answer.status_code, answer.json()["backend"]) == (503, "rejection-svc-0")

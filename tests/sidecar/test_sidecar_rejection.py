"""What the breaker answers by declaration, through both proxies."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from gonogo.errors import GrammarError
from gonogo.manifests.check import check
from gonogo.manifests.rejection import RejectionFields, read_rejection
from gonogo.manifests.syntax import parse
from gonogo.mesh import read
from gonogo.mesh.sidecar import Address, Endpoint, Outlet
from gonogo.sidecar.client import ClientSidecar
from tests.contracts.waiting import eventually
from tests.mesh.backends import Backend, Backends
from tests.mesh.world import Stack, manifests

RULES = "DestinationRule\nhost: NAME\ntrafficPolicy: {connectionPool: {http: {http2MaxRequests: 1}}}\n"
ANNOTATED = manifests({"iris": Stack(RULES, {"svc": 1})}).replace(
    "kind: DestinationRule\nmetadata: {name: iris, namespace: mesh}",
    "kind: DestinationRule\nmetadata:\n  name: iris\n  namespace: mesh\n  annotations:\n    gonogo.dev/rejection: |\n"
    '      status: 429\n      body: \'{"detail": "100% busy, $5"}\'\n      contentType: application/json\n'
    "      retryAfter: 5s",
)
WAIT_S = 10.0


@pytest.fixture(scope="module")
def replica() -> Iterator[tuple[Backends, Backend]]:
    """A replica that holds its requests on demand."""
    backends = Backends()
    yield backends, backends.start("one")
    backends.close()


@pytest.fixture(params=["envoy", "nginx"])
def url(request: pytest.FixtureRequest, replica: tuple[Backends, Backend], tmp_path: Path) -> Iterator[str]:
    """Where each proxy takes requests for the Service."""
    documents = parse(ANNOTATED, "stack.yaml")
    assert [str(finding) for finding in check(documents) if finding.rule == "rejection-without-effect"] == []
    policy = read(documents)
    [ruling] = policy.rulings
    outlet = Outlet(ruling.host, 8000, None, (Endpoint(Address("127.0.0.1", replica[1].port)),))
    made = ClientSidecar(request.param, policy, [outlet], folder=tmp_path)
    yield f"http://{made.outlets[0].listen}/"
    made.stop()


def test_the_breaker_answers_as_the_annotation_says(url: str, replica: tuple[Backends, Backend]) -> None:
    """Status, body, type and Retry-After are those of the manifest."""
    backends, one = replica
    one.holding = True
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(httpx.get, url, timeout=WAIT_S)
        try:
            eventually(lambda: one.waiting == 1, WAIT_S)
            refused = httpx.get(url, trust_env=False)
        finally:
            backends.release(one)
        assert held.result(WAIT_S).status_code == 200
    assert (refused.status_code, refused.text) == (429, '{"detail": "100% busy, $5"}')
    assert (refused.headers["content-type"], refused.headers["retry-after"]) == ("application/json", "5")


def test_the_services_own_503_passes(url: str, replica: tuple[Backends, Backend]) -> None:
    """The declared answer is the breaker's alone."""
    replica[1].status = 503
    try:
        answer = httpx.get(url, trust_env=False)
    finally:
        replica[1].status = 200
    assert (answer.status_code, answer.headers["x-backend"]) == (503, "one")


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("{status: 429}", RejectionFields(429)),
        ("{retryAfter: 1m30s}", RejectionFields(retry_after_s=90)),
        ("{retryAfter: 7}", RejectionFields(retry_after_s=7)),
        (
            "{body: busy, contentType: text/html; charset=utf-8}",
            RejectionFields(503, "busy", "text/html; charset=utf-8"),
        ),
    ],
)
def test_what_is_not_said_stays_as_it_is(text: str, fields: RejectionFields) -> None:
    """A missing field has its default."""
    assert read_rejection(text) == fields


@pytest.mark.parametrize(
    "text",
    [
        "{status: 200}",
        "{status: '429'}",
        "{status: true}",
        "{body: 5}",
        "{contentType: json}",
        '{contentType: "text/plain\\r\\nx: y"}',
        "{retryAfter: 1.5s}",
        "{retryAfter: -1}",
        "{retryAfter: soon}",
        "{code: 429}",
        "[429]",
        "busy",
        "{",
        7,
        None,
    ],
)
def test_what_cannot_be_used_is_refused(text: object) -> None:
    """Each message says how to mend it."""
    with pytest.raises(GrammarError) as raised:
        read_rejection(text)
    assert raised.value.mend

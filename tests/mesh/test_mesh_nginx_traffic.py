"""What a real Nginx does under the limits, faults, mirrors and hashes that are rendered for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.mesh.proxies import behind_nginx, wait_for
from tests.mesh.world import Stack, World, build, crowd, spread, stuck_at

ONE = {"svc": 1}
THREE = {"svc": 3}


def ruled(policy: str, replicas: dict[str, int] = ONE) -> Stack:
    """Return a stack with ``policy`` as its trafficPolicy."""
    return Stack(f"DestinationRule\nhost: NAME\ntrafficPolicy: {policy}\n", replicas)


def routed(*fields: str, replicas: dict[str, int] = ONE) -> Stack:
    """Return a stack with one route and ``fields`` beside its destination."""
    lines = "\n".join(f"    {field}" for field in fields)
    return Stack(
        f"VirtualService\nhosts: [NAME]\nhttp:\n  - route: [{{destination: {{host: NAME}}}}]\n{lines}\n", replicas
    )


SUBSETS = "subsets: [{name: svc, labels: {version: svc}}, {name: rf, labels: {version: rf}}]"
MIRRORED = f"DestinationRule\nhost: NAME\n{SUBSETS}\n---\nVirtualService\nhosts: [NAME]\nhttp:\n"
MIRRORED += "  - route: [{destination: {host: NAME, subset: svc}}]\n    mirror: {host: NAME, subset: rf}\n"

STACKS = {
    "pool": ruled("{connectionPool: {tcp: {maxConnections: 2}, http: {http1MaxPendingRequests: 1}}}"),
    "requests": ruled("{connectionPool: {http: {http2MaxRequests: 1}}}"),
    "per-connection": ruled("{connectionPool: {http: {maxRequestsPerConnection: 1}}}"),
    "unlimited": ruled("{connectionPool: {http: {maxRequestsPerConnection: 0}}}"),
    "round-robin": ruled("{loadBalancer: {simple: ROUND_ROBIN}}", THREE),
    "random": ruled("{loadBalancer: {simple: RANDOM}}", THREE),
    "least-request": ruled("{loadBalancer: {simple: LEAST_REQUEST}}", THREE),
    "hash-header": ruled("{loadBalancer: {consistentHash: {httpHeaderName: x-user}}}", THREE),
    "hash-cookie": ruled("{loadBalancer: {consistentHash: {httpCookie: {name: user}}}}", THREE),
    "hash-query": ruled("{loadBalancer: {consistentHash: {httpQueryParameterName: user}}}", THREE),
    "hash-address": ruled("{loadBalancer: {consistentHash: {useSourceIp: true}}}", THREE),
    "outlier": ruled("{outlierDetection: {consecutive5xxErrors: 2, baseEjectionTime: 60s}}", THREE),
    "timeout": routed("timeout: 0.2s", "retries: {attempts: 0}"),
    "retried": routed("retries: {attempts: 2, retryOn: '5xx'}", replicas=THREE),
    "retried-status": routed("retries: {attempts: 1, retryOn: '429'}", replicas=THREE),
    "retried-never": routed("retries: {attempts: 0}", replicas=THREE),
    "default-retry": routed(replicas=THREE),
    "aborted": routed("fault: {abort: {httpStatus: 418, percentage: {value: 100}}}"),
    "aborted-half": routed("fault: {abort: {httpStatus: 418, percentage: {value: 50}}}"),
    "mirror": Stack(MIRRORED),
    "mirror-half": Stack(MIRRORED + "    mirrorPercentage: {value: 50}\n"),
    "dollar": routed("headers: {request: {set: {x-price: '$5'}}}"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All stacks of this module behind one Nginx."""
    made = build(STACKS, tmp_path_factory.mktemp("nginx"), behind_nginx)
    yield made
    made.close()


@pytest.mark.parametrize(("name", "limit"), [("pool", 2), ("requests", 1)])
def test_what_is_above_the_limit_is_turned_away_at_once(world: World, name: str, limit: int) -> None:
    """As many requests as connections are allowed get through; nothing waits, the others get 503."""
    statuses = [answer.status_code for answer in crowd(world, name, 5, held=limit)]
    assert Counter(statuses) == {200: limit, 503: 5 - limit}


@pytest.mark.parametrize(("name", "apart"), [("per-connection", 1), ("unlimited", 0)])
def test_a_connection_takes_only_so_many_requests(world: World, name: str, apart: int) -> None:
    """With one request per connection the second request opens another one; otherwise it is kept."""
    with world.client(name) as client:
        first, second = (client.get("/").json()["connection"] for _ in range(2))
    assert second - first == apart


def test_round_robin_goes_in_turn(world: World) -> None:
    """Of 30 requests each of three replicas gets 10."""
    assert sorted(spread(world, "round-robin", 30).values()) == [10, 10, 10]


def test_random_does_not_go_in_turn(world: World) -> None:
    """Each replica gets about a third of 300 requests (outside 55 to 145 once in 10 million runs)."""
    seen = spread(world, "random", 300)
    assert len(seen) == 3
    assert all(55 <= count <= 145 for count in seen.values())


def test_least_request_avoids_a_busy_replica(world: World) -> None:
    """Nginx draws two different replicas and takes the idle one: a busy one gets no second request."""
    assert stuck_at(world, "least-request", 30) <= 1


@pytest.mark.parametrize(
    ("name", "headers", "query"),
    [("hash-header", {"x-user": "{}"}, ""), ("hash-cookie", {"cookie": "user={}"}, ""), ("hash-query", {}, "?user={}")],
)
def test_the_same_key_stays_with_the_same_replica(world: World, name: str, headers: dict[str, str], query: str) -> None:
    """Thirty users each keep one replica, and together they use more than one."""
    homes: dict[str, set[str]] = {}
    with world.client(name) as client:
        for user in [str(i) for i in range(30)] * 2:
            sent = {key: value.format(user) for key, value in headers.items()}
            homes.setdefault(user, set()).add(client.get("/" + query.format(user), headers=sent).json()["backend"])
    assert {len(home) for home in homes.values()} == {1}
    assert len(set.union(*homes.values())) > 1


def test_the_clients_address_is_a_key(world: World) -> None:
    """All requests of one client go to one replica."""
    assert len(spread(world, "hash-address", 12)) == 1


def test_a_replica_that_accepts_nothing_is_left_out(world: World) -> None:
    """Broken connections reach no client, and after two of them nobody asks the replica."""
    world.backends.stop(world.replica("outlier"))
    with world.client("outlier") as client:
        statuses = {client.get("/").status_code for _ in range(30)}
        client.get("/", headers={"x-request-id": "left-out"})
    assert statuses == {200}
    assert world.proxy.record("left-out").attempts == 1


def test_a_request_over_its_time_is_a_504(world: World) -> None:
    """The client gets 504 while the replica still holds the request."""
    replica = world.replica("timeout")
    replica.holding = True
    with world.client("timeout") as client:
        status = client.get("/").status_code
    world.backends.release(replica)
    assert status == 504


@pytest.mark.parametrize(
    ("name", "status", "tries"),
    [("retried", 500, 3), ("retried-status", 429, 2), ("retried-never", 500, 1), ("default-retry", 500, 1)],
)
def test_a_failed_request_is_sent_to_another_replica(world: World, name: str, status: int, tries: int) -> None:
    """As often as attempts says, on what retryOn says; by default a 500 is not retried."""
    replicas = [world.replica(name, index=index) for index in range(3)]
    for replica in replicas:
        replica.status = status
    with world.client(name) as client:
        assert client.get("/").status_code == status
    assert sum(len(replica.received) for replica in replicas) == tries


def test_a_fault_answers_instead_of_the_service(world: World) -> None:
    """Every request is aborted, and the service sees none."""
    with world.client("aborted") as client:
        assert client.get("/").status_code == 418
    assert world.replica("aborted").received == []


def test_a_fault_hits_its_share(world: World) -> None:
    """Of 200 requests about half are aborted (a binomial is outside 60 to 140 once in 10 million runs)."""
    with world.client("aborted-half") as client:
        aborted = sum(client.get("/").status_code == 418 for _ in range(200))
    assert 60 <= aborted <= 140


def test_a_mirror_gets_every_request(world: World) -> None:
    """The copy has the same path, body and request id; the client sees svc alone."""
    with world.client("mirror") as client:
        answer = client.post("/predict?a=1", content=b"[1]", headers={"x-request-id": "copied"})
    shadow = world.replica("mirror", "rf")
    copy = wait_for(lambda: shadow.received[0] if shadow.received else None, "the copy")
    assert answer.json()["backend"] == "mirror-svc-0"
    assert (copy.method, copy.path, copy.body, copy.headers["x-request-id"]) == (
        "POST",
        "/predict?a=1",
        b"[1]",
        "copied",
    )


def test_a_mirror_gets_its_share(world: World) -> None:
    """Of 200 requests about half are copied (a binomial is outside 60 to 140 once in 10 million runs)."""
    with world.client("mirror-half") as client:
        for _ in range(200):
            client.get("/")
    shadow = world.replica("mirror-half", "rf")
    wait_for(lambda: len(shadow.received) >= 60, "the copies")
    assert len(shadow.received) <= 140


def test_a_dollar_is_a_dollar(world: World) -> None:
    """Nothing of a rule's text is taken for a variable of Nginx."""
    with world.client("dollar") as client:
        assert client.get("/").json()["headers"]["x-price"] == "$5"

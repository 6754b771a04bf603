"""What a real Envoy does under the limits, faults, mirrors and hashes that are rendered for it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.mesh.proxies import behind_envoy, wait_for
from tests.mesh.world import Stack, World, build, crowd, spread, stuck_at

OVERFLOW = "upstream connect error or disconnect/reset before headers. reset reason: overflow"
ONE = {"svc": 1}
THREE = {"svc": 3}


def ruled(policy: str, replicas: dict[str, int] = ONE) -> Stack:
    """Return a stack with ``policy`` as its trafficPolicy, and no retries."""
    rules = f"DestinationRule\nhost: NAME\ntrafficPolicy: {policy}\n---\nVirtualService\nhosts: [NAME]\nhttp:\n"
    return Stack(f"{rules}  - route: [{{destination: {{host: NAME}}}}]\n    retries: {{attempts: 0}}\n", replicas)


def routed(*fields: str, replicas: dict[str, int] = ONE) -> Stack:
    """Return a stack with one route and ``fields`` beside its destination."""
    lines = "\n".join(f"    {field}" for field in fields)
    return Stack(
        f"VirtualService\nhosts: [NAME]\nhttp:\n  - route: [{{destination: {{host: NAME}}}}]\n{lines}\n", replicas
    )


def ejecting(outliers: str, replicas: dict[str, int] = THREE) -> Stack:
    """Return a stack whose replicas take turns, and are left out by ``outliers``."""
    return ruled(f"{{loadBalancer: {{simple: ROUND_ROBIN}}, outlierDetection: {{{outliers}}}}}", replicas)


def hashed(key: str, extra: str = "") -> Stack:
    """Return a stack of three replicas that are chosen by a hash of ``key``."""
    return Stack(
        f"DestinationRule\nhost: NAME\ntrafficPolicy: {{loadBalancer: {{consistentHash: {{{key}{extra}}}}}}}\n", THREE
    )


SUBSETS = "subsets: [{name: svc, labels: {version: svc}}, {name: rf, labels: {version: rf}}]"
MIRRORED = f"DestinationRule\nhost: NAME\n{SUBSETS}\n---\nVirtualService\nhosts: [NAME]\nhttp:\n"
MIRRORED += "  - route: [{destination: {host: NAME, subset: svc}}]\n    mirror: {host: NAME, subset: rf}\n"
EJECTS = "interval: 0.05s, baseEjectionTime: 60s, maxEjectionPercent: 100"

STACKS = {
    "pool": ruled("{connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}}"),
    "requests": ruled("{connectionPool: {http: {http2MaxRequests: 2}}}"),
    "unlimited": ruled("{connectionPool: {http: {maxRequestsPerConnection: 0}}}"),
    "per-connection": ruled("{connectionPool: {http: {maxRequestsPerConnection: 1}}}"),
    "idle": ruled("{connectionPool: {http: {idleTimeout: 0.05s}}}"),
    "aged": ruled("{connectionPool: {tcp: {maxConnectionDuration: 0.05s}}}"),
    "port-level": ruled(
        "{connectionPool: {http: {http2MaxRequests: 1}}, portLevelSettings: "
        "[{port: {number: 8000}, connectionPool: {http: {http2MaxRequests: 2}}}]}"
    ),
    "subset-level": Stack(
        "DestinationRule\nhost: NAME\ntrafficPolicy: {connectionPool: {http: {http2MaxRequests: 1}}}\n"
        "subsets: [{name: svc, labels: {version: svc}, "
        "trafficPolicy: {connectionPool: {http: {http2MaxRequests: 2}}}}]\n---\n"
        "VirtualService\nhosts: [NAME]\nhttp:\n  - route: [{destination: {host: NAME, subset: svc}}]\n",
        ONE,
    ),
    "outlier": ejecting(f"consecutive5xxErrors: 2, {EJECTS}"),
    "outlier-gateway": ejecting(f"consecutive5xxErrors: 0, consecutiveGatewayErrors: 2, {EJECTS}"),
    "outlier-ten": ejecting("consecutive5xxErrors: 2, interval: 0.05s, maxEjectionPercent: 10"),
    "outlier-old": ejecting(f"consecutiveErrors: 100, {EJECTS}"),
    "outlier-back": ejecting(
        "consecutive5xxErrors: 2, interval: 0.05s, baseEjectionTime: 0.1s, maxEjectionPercent: 100", ONE
    ),
    "outlier-panic": ejecting(f"consecutive5xxErrors: 2, minHealthPercent: 50, {EJECTS}", ONE),
    "outlier-local": ejecting(
        "splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 2, consecutive5xxErrors: 0, " + EJECTS
    ),
    "round-robin": ruled("{loadBalancer: {simple: ROUND_ROBIN}}", THREE),
    "random": ruled("{loadBalancer: {simple: RANDOM}}", THREE),
    "least-request": ruled("{loadBalancer: {simple: LEAST_REQUEST}}", THREE),
    "hash-header": hashed("httpHeaderName: x-user"),
    "hash-cookie": hashed("httpCookie: {name: user, ttl: 60s, path: /p}"),
    "hash-query": hashed("httpQueryParameterName: user"),
    "hash-address": hashed("useSourceIp: true"),
    "hash-maglev": hashed("httpHeaderName: x-user", ", maglev: {tableSize: 1009}"),
    "hash-ring": hashed("httpHeaderName: x-user", ", ringHash: {minimumRingSize: 2048}"),
    "timeout": routed("timeout: 0.2s"),
    "per-try": routed("retries: {attempts: 2, perTryTimeout: 0.1s, retryOn: '5xx,reset'}"),
    "retried": routed("retries: {attempts: 3, retryOn: '5xx'}"),
    "retried-status": routed("retries: {attempts: 1, retryOn: '429'}"),
    "retried-never": routed("retries: {attempts: 0}"),
    "max-retries": Stack(
        "DestinationRule\nhost: NAME\ntrafficPolicy: {connectionPool: {http: {maxRetries: 1}}}\n---\n"
        "VirtualService\nhosts: [NAME]\nhttp:\n  - route: [{destination: {host: NAME}}]\n"
        "    retries: {attempts: 1, retryOn: '5xx'}\n",
        ONE,
    ),
    "default-retry": routed(),
    "nobody": routed(),
    "answered-bytes": Stack(
        "VirtualService\nhosts: [NAME]\nhttp:\n  - directResponse: {status: 200, body: {bytes: /wA=}}\n"
    ),
    "aborted": routed("fault: {abort: {httpStatus: 418, percentage: {value: 100}}}"),
    "aborted-half": routed("fault: {abort: {httpStatus: 418, percentage: {value: 50}}}"),
    "aborted-never": routed("fault: {abort: {httpStatus: 418}}"),
    "delayed": routed("fault: {delay: {fixedDelay: 0.3s, percentage: {value: 100}}}"),
    "mirror": Stack(MIRRORED + "    mirrorPercentage: {value: 100.0}\n"),
    "mirror-old": Stack(MIRRORED + "    mirror_percent: 100\n"),
    "mirror-silent": Stack(MIRRORED),
    "mirror-half": Stack(MIRRORED + "    mirrorPercentage: {value: 50}\n"),
    "mirror-none": Stack(MIRRORED + "    mirrorPercentage: {value: 0}\n"),
    "mirrors": Stack(
        MIRRORED.replace(
            "mirror: {host: NAME, subset: rf}",
            "mirrors: [{destination: {host: NAME, subset: rf}}, {destination: {host: NAME, subset: rf}}]",
        )
    ),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All stacks of this module behind one Envoy."""
    made = build(STACKS, tmp_path_factory.mktemp("envoy"), behind_envoy)
    yield made
    made.close()


def test_what_overflows_the_pool_is_turned_away_at_once(world: World) -> None:
    """One connection and one waiting request are allowed: of five requests three get 503 while the first is held."""
    with world.client("pool") as client:
        client.get("/")  # a request also waits while its connection is made; this one makes it
    answers = crowd(world, "pool", 5, held=1, waiting=1)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503]


def test_the_overflow_says_what_it_is(world: World) -> None:
    """The body has 81 bytes and names the overflow; a header says so, too."""
    turned_away = [answer for answer in crowd(world, "requests", 3, held=2) if answer.status_code == 503]
    assert [(answer.text, len(answer.content), answer.headers["x-envoy-overloaded"]) for answer in turned_away] == [
        (OVERFLOW, 81, "true")
    ]


def test_settings_of_a_subset_replace_those_of_the_service(world: World) -> None:
    """The subset allows two requests, the Service as a whole one."""
    answers = crowd(world, "subset-level", 3, held=2)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503]


def test_without_limits_nothing_is_turned_away(world: World) -> None:
    """Twenty requests at once all reach the replica."""
    assert {answer.status_code for answer in crowd(world, "unlimited", 20, held=20)} == {200}


def connections(world: World, name: str) -> list[int]:
    """Return the connections on which two requests, one after the other, reached the replica."""
    with world.client(name) as client:
        return [client.get("/").json()["connection"] for _ in range(2)]


def test_a_connection_takes_only_so_many_requests(world: World) -> None:
    """With one request per connection the second request opens another one."""
    first, second = connections(world, "per-connection")
    assert second == first + 1


@pytest.mark.parametrize("name", ["idle", "aged"])
def test_an_old_or_idle_connection_is_closed(world: World, name: str) -> None:
    """After idle time or age a request opens another connection."""
    with world.client(name) as client:
        first = client.get("/").json()["connection"]
        wait_for(lambda: client.get("/").json()["connection"] > first if _pause() else None, "a new connection")


def _pause() -> bool:
    """Let 60 ms of idle time pass: it is the thing under test, not a wait for a condition."""
    from threading import Event  # noqa: PLC0415

    return not Event().wait(0.06)


def test_a_connection_is_reused_by_default(world: World) -> None:
    """Two requests in a row come on the same connection."""
    first, second = connections(world, "unlimited")
    assert first == second


def answerers(world: World, name: str, number: int = 12) -> set[str]:
    """Return who answers ``number`` requests, which replicas get in turn."""
    with world.client(name) as client:
        return {client.get("/").json()["backend"] for _ in range(number)}


@pytest.mark.parametrize(("name", "status"), [("outlier", 500), ("outlier-gateway", 502), ("outlier-old", 500)])
def test_a_replica_that_fails_is_left_out(world: World, name: str, status: int) -> None:
    """After so many errors in a row nobody asks it; consecutiveErrors: 100 does not hold that up."""
    failing = world.replica(name)
    failing.status = status
    # Envoy's main thread ejects, while its workers go on.
    wait_for(lambda: failing.name not in answerers(world, name), "the ejection")


def test_errors_of_the_service_do_not_count_as_gateway_errors(world: World) -> None:
    """Where only gateway errors count, a replica that answers 500 stays."""
    failing = world.replica("outlier-gateway", index=1)
    failing.status = 500
    with world.client("outlier-gateway") as client:
        seen = [client.get("/").json()["backend"] for _ in range(40)]
    assert "outlier-gateway-svc-1" in seen[20:]


def test_ten_percent_of_three_replicas_ejects_none(world: World) -> None:
    """A third of the replicas is more than 10 %: the failing one keeps getting requests."""
    world.replica("outlier-ten").status = 500
    answerers(world, "outlier-ten", 30)
    assert "outlier-ten-svc-0" in answerers(world, "outlier-ten")


def test_an_ejected_replica_comes_back(world: World) -> None:
    """After the ejection time it is asked again."""
    replica = world.replica("outlier-back")
    replica.status = 500
    with world.client("outlier-back") as client:
        wait_for(lambda: "no healthy upstream" in client.get("/").text, "the ejection")
        replica.status = 200
        wait_for(lambda: client.get("/").status_code == 200, "its return")


def test_no_healthy_upstream_is_told_from_the_breaker(world: World) -> None:
    """With every replica ejected the answer is 503 with the flag UH: the panic threshold is 0."""
    with world.client("outlier-back") as client:
        world.replica("outlier-back").status = 500
        wait_for(lambda: "no healthy" in client.get("/", headers={"x-request-id": "ejected"}).text, "the ejection")
        wait_for(lambda: any(record.unhealthy for record in world.proxy.records), "the record")
    assert not any(record.rejected for record in world.proxy.records if record.request_id == "ejected")


def test_with_too_few_healthy_replicas_ejected_ones_are_used(world: World) -> None:
    """Below minHealthPercent all replicas are asked again, ejected or not."""
    world.replica("outlier-panic").status = 500
    assert answerers(world, "outlier-panic", 40) == {"outlier-panic-svc-0"}


def test_broken_connections_are_counted_apart(world: World) -> None:
    """With split errors a replica that accepts no connection is ejected by consecutiveLocalOriginFailures."""
    broken = world.replica("outlier-local")
    world.backends.stop(broken)
    with world.client("outlier-local") as client:
        wait_for(lambda: {client.get("/").status_code for _ in range(12)} == {200}, "the ejection")


def test_round_robin_goes_in_turn(world: World) -> None:
    """Of 30 requests each of three replicas gets 10."""
    assert sorted(spread(world, "round-robin", 30).values()) == [10, 10, 10]


def test_random_does_not_go_in_turn(world: World) -> None:
    """Each replica gets about a third of 300 requests; exactly 100 each has a chance of one in 600."""
    seen = spread(world, "random", 300)
    assert len(seen) == 3
    assert all(55 <= count <= 145 for count in seen.values())


def test_least_request_avoids_a_busy_replica(world: World) -> None:
    """A replica that holds its requests gets fewer than its third of 120."""
    assert stuck_at(world, "least-request", 120) <= 28
    # Of two replicas drawn at random the less busy one is taken, the busy one only when drawn twice, once in nine:
    # 28 or fewer of 120 but once in 50,000 runs. Drawn alone it would get 40.


HASHES = [
    ("hash-header", {"x-user": "{}"}, ""),
    ("hash-cookie", {"cookie": "user={}"}, ""),
    ("hash-query", {}, "?user={}"),
    ("hash-maglev", {"x-user": "{}"}, ""),
    ("hash-ring", {"x-user": "{}"}, ""),
]


@pytest.mark.parametrize(("name", "headers", "query"), HASHES, ids=[entry[0] for entry in HASHES])
def test_the_same_key_stays_with_the_same_replica(world: World, name: str, headers: dict[str, str], query: str) -> None:
    """Twenty users each keep one replica, and together they use all three."""
    homes: dict[str, set[str]] = {}
    with world.client(name) as client:
        for user in [str(i) for i in range(20)] * 3:
            sent = {key: value.format(user) for key, value in headers.items()}
            homes.setdefault(user, set()).add(client.get("/" + query.format(user), headers=sent).json()["backend"])
    assert {len(home) for home in homes.values()} == {1}
    # All 20 users at two of three replicas has a chance below one in 1,000.
    assert len(set.union(*homes.values())) == 3


def test_a_missing_cookie_is_made(world: World) -> None:
    """The first answer sets the cookie with its life time and path, and with it the user stays."""
    with world.client("hash-cookie") as client:
        made = client.get("/").headers["set-cookie"]
    assert made.startswith("user=")
    assert "Max-Age=60" in made
    assert "Path=/p" in made


def test_the_clients_address_is_a_key(world: World) -> None:
    """All requests of one client go to one replica."""
    assert len(spread(world, "hash-address", 12)) == 1


def test_a_request_over_its_time_is_a_504(world: World) -> None:
    """The client gets 504 while the replica still holds the request, and the record has the flag UT."""
    replica = world.replica("timeout")
    replica.holding = True
    with world.client("timeout") as client:
        answer = client.get("/", headers={"x-request-id": "late"})
    world.backends.release(replica)
    assert (answer.status_code, world.proxy.record("late").flags) == (504, frozenset({"UT"}))


def test_every_try_has_its_own_time(world: World) -> None:
    """Two retries after a try that took too long are three tries in all."""
    replica = world.replica("per-try")
    replica.holding = True
    with world.client("per-try") as client:
        answer = client.get("/", headers={"x-request-id": "tries"})
    world.backends.release(replica)
    assert (answer.status_code, world.proxy.record("tries").attempts) == (504, 3)


@pytest.mark.parametrize(
    ("name", "status", "tries"),
    [("retried", 500, 4), ("retried-status", 429, 2), ("retried-never", 500, 1), ("default-retry", 500, 1)],
)
def test_a_failed_request_is_sent_again(world: World, name: str, status: int, tries: int) -> None:
    """As often as attempts says, on what retryOn says; by default a 500 is not retried."""
    replica = world.replica(name)
    replica.status = status
    with world.client(name) as client:
        assert client.get("/").status_code == status
    assert len(replica.received) == tries


def test_by_default_a_refused_connection_is_tried_twice_again(world: World) -> None:
    """Without retries in any rule a request that no replica accepts is tried three times."""
    world.backends.stop(world.replica("nobody"))
    with world.client("nobody") as client:
        answer = client.get("/", headers={"x-request-id": "nobody"})
    assert (answer.status_code, world.proxy.record("nobody").attempts) == (503, 3)


def test_retries_at_the_same_time_are_limited(world: World) -> None:
    """While one retry is under way, another request that fails is not retried."""
    replica = world.replica("max-retries")
    replica.status = 500
    replica.holding = True
    with ThreadPoolExecutor(4) as pool, world.client("max-retries") as client:
        sent = [pool.submit(client.get, "/") for _ in range(4)]
        wait_for(lambda: replica.waiting == 4, "four requests")
        world.backends.answer_held(replica)
        wait_for(lambda: sum(request.done() for request in sent) == 3, "three answers that are not retried")
        wait_for(lambda: replica.waiting == 1, "the retry of the fourth")
        world.backends.release(replica)
        [request.result(20) for request in sent]
    assert len(replica.received) == 5


def test_a_direct_response_may_be_bytes(world: World) -> None:
    """A body that is no text arrives as it is declared."""
    with world.client("answered-bytes") as client:
        assert client.get("/").content == b"\xff\x00"


def test_a_fault_answers_instead_of_the_service(world: World) -> None:
    """Every request is aborted, the service sees none, and the record has the flag FI."""
    with world.client("aborted") as client:
        assert client.get("/", headers={"x-request-id": "abort"}).status_code == 418
    assert world.replica("aborted").received == []
    assert world.proxy.record("abort").flags == {"FI"}


def test_a_fault_hits_its_share(world: World) -> None:
    """Of 200 requests about half are aborted (a binomial is outside 60 to 140 once in 10 million runs)."""
    with world.client("aborted-half") as client:
        aborted = sum(client.get("/").status_code == 418 for _ in range(200))
    assert 60 <= aborted <= 140


def test_a_fault_without_a_percentage_never_happens(world: World) -> None:
    """As istiod has it, the share is 0."""
    with world.client("aborted-never") as client:
        assert {client.get("/").status_code for _ in range(20)} == {200}


def test_a_delay_is_in_the_record(world: World) -> None:
    """The request waited at least its delay, and the record has the flag DI."""
    with world.client("delayed") as client:
        client.get("/", headers={"x-request-id": "delay"})
    record = world.proxy.record("delay")
    assert record.flags == {"DI"}
    # Both clocks tick in whole milliseconds.
    assert record.duration_s >= 0.298


@pytest.mark.parametrize("name", ["mirror", "mirror-old", "mirror-silent"])
def test_a_mirror_gets_every_request(world: World, name: str) -> None:
    """The copy has the same path, body and request id, and no -shadow in its host; the client sees svc alone."""
    with world.client(name) as client:
        answer = client.post("/predict?a=1", content=b"[1]", headers={"x-request-id": name, "host": "iris"})
    shadow = world.replica(name, "rf")
    copy = wait_for(lambda: shadow.received[0] if shadow.received else None, "the copy")
    assert answer.json()["backend"] == f"{name}-svc-0"
    assert (copy.method, copy.path, copy.body) == ("POST", "/predict?a=1", b"[1]")
    assert (copy.headers["x-request-id"], copy.headers["host"]) == (name, "iris")


def test_two_mirrors_get_two_copies(world: World) -> None:
    """Each of several mirrors gets its copy."""
    with world.client("mirrors") as client:
        client.get("/")
    wait_for(lambda: len(world.replica("mirrors", "rf").received) == 2, "both copies")


def test_a_mirror_gets_its_share(world: World) -> None:
    """Of 200 requests about half are copied (a binomial is outside 60 to 140 once in 10 million runs)."""
    with world.client("mirror-half") as client:
        for _ in range(200):
            client.get("/")
    shadow = world.replica("mirror-half", "rf")
    wait_for(lambda: len(shadow.received) >= 60, "the copies")
    assert len(shadow.received) <= 140


def test_a_mirror_of_nothing_gets_nothing(world: World) -> None:
    """With 0 % no request is copied."""
    with world.client("mirror-none") as client:
        for _ in range(20):
            client.get("/")
    assert world.replica("mirror-none", "rf").received == []


def test_a_mirror_that_hangs_does_not_reach_the_client(world: World) -> None:
    """While the shadow holds its copy, requests are answered as ever."""
    shadow = world.replica("mirror", "rf")
    shadow.holding = True
    with world.client("mirror") as client:
        answers = [client.get("/").status_code for _ in range(10)]
    wait_for(lambda: shadow.waiting == 10, "the held copies")
    world.backends.release(shadow)
    assert answers == [200] * 10

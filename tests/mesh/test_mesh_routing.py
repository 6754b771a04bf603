"""What a real Envoy and a real Nginx do with requests by the routes that are rendered for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.mesh.proxies import behind_envoy, behind_nginx
from tests.mesh.world import Stack, World, build

SUBSETS = """
DestinationRule
host: NAME
subsets:
  - {name: svc, labels: {version: svc}}
  - {name: rf, labels: {version: rf}}
---
"""
RF, SVC = "route: [{destination: {host: NAME, subset: rf}}]", "route: [{destination: {host: NAME, subset: svc}}]"


def ordered(match: str) -> Stack:
    """Return a stack whose requests with ``match`` go to rf, all others to svc."""
    return Stack(f"{SUBSETS}\nVirtualService\nhosts: [NAME]\nhttp:\n  - match: {match}\n    {RF}\n  - {SVC}\n")


def single(*fields: str) -> Stack:
    """Return a stack with one route to svc and ``fields`` beside it."""
    lines = "\n".join(f"    {field}" for field in fields)
    return Stack(f"{SUBSETS}\nVirtualService\nhosts: [NAME]\nhttp:\n  - {SVC}\n{lines}\n")


def answered(*fields: str) -> Stack:
    """Return a stack whose one route has ``fields`` and no destination."""
    return Stack("\nVirtualService\nhosts: [NAME]\nhttp:\n  - " + "\n    ".join(fields) + "\n")


STACKS = {
    "plain": Stack(),
    "header": ordered("[{headers: {target: {exact: mountain}}}]"),
    "header-prefix": ordered("[{headers: {target: {prefix: mount}}}]"),
    "header-regex": ordered("[{headers: {target: {regex: 'm[a-z]+n'}}}]"),
    "header-present": ordered("[{headers: {target: {}}}]"),
    "header-absent": ordered("[{withoutHeaders: {target: {exact: mountain}}}]"),
    "header-missing": ordered("[{withoutHeaders: {target: {}}}]"),
    "uri": ordered("[{uri: {exact: /predict}}]"),
    "uri-prefix": ordered("[{uri: {prefix: /predict}}]"),
    "uri-regex": ordered("[{uri: {regex: '/predict/[0-9]+'}}]"),
    "uri-case": ordered("[{uri: {prefix: /predict}, ignoreUriCase: true}]"),
    "method": ordered("[{method: {exact: POST}}]"),
    "query": ordered("[{queryParams: {model: {exact: rf}}}]"),
    "query-prefix": ordered("[{queryParams: {model: {prefix: r}}}]"),
    "query-regex": ordered("[{queryParams: {model: {regex: 'r.'}}}]"),
    "query-present": ordered("[{queryParams: {model: {}}}]"),
    "authority": ordered("[{authority: {exact: plant.example}}]"),
    "port": ordered("[{port: 8000, headers: {target: {exact: mountain}}}]"),
    "port-other": ordered("[{port: 9000}]"),
    "both": ordered("[{method: {exact: POST}, uri: {prefix: /predict}}]"),
    "either": ordered("[{method: {exact: POST}}, {uri: {prefix: /predict}}]"),
    "no-route": Stack(
        f"{SUBSETS}\nVirtualService\nhosts: [NAME]\nhttp:\n  - match: [{{method: {{exact: POST}}}}]\n    {SVC}\n"
    ),
    "full-host": Stack(
        f"{SUBSETS}\nVirtualService\nhosts: [NAME.mesh.svc.cluster.local]\nhttp:\n"
        "  - route: [{destination: {host: NAME.mesh.svc.cluster.local, subset: rf}}]\n"
    ),
    "weights": Stack(
        f"{SUBSETS}\nVirtualService\nhosts: [NAME]\nhttp:\n  - route:\n"
        "      - {destination: {host: NAME, subset: svc}, weight: 80, headers: {response: {set: {x-part: svc}}}}\n"
        "      - {destination: {host: NAME, subset: rf}, weight: 20, headers: {request: {set: {x-part: rf}}}}\n"
    ),
    "zero": Stack(
        f"{SUBSETS}\nVirtualService\nhosts: [NAME]\nhttp:\n  - route:\n"
        "      - {destination: {host: NAME, subset: svc}, weight: 100}\n"
        "      - {destination: {host: NAME, subset: rf}, weight: 0}\n"
    ),
    "changed": single(
        "headers: {request: {set: {x-model: svc, host: iris.example}, add: {x-trace: b}, remove: [x-secret]}, "
        "response: {set: {x-release: '1'}, add: {x-more: more}, remove: [x-backend]}}"
    ),
    "rewritten": single("match: [{uri: {prefix: /v1/}}]", "rewrite: {uri: /, authority: iris.example}"),
    "rewritten-exact": single("match: [{uri: {exact: /old}}]", "rewrite: {uri: /new}"),
    "rewritten-regex": single("rewrite: {uriRegexRewrite: {match: '^/v[0-9]+/(.*)$', rewrite: '/\\1'}}"),
    "redirected": answered("redirect: {uri: /new, authority: iris.example, redirectCode: 302}"),
    "redirected-prefix": answered(
        "match: [{uri: {prefix: /old}}]", "redirect: {prefixRewrite: /new, scheme: https, port: 8443}"
    ),
    "redirected-port": answered(
        "redirect: {authority: iris.example, derivePort: FROM_REQUEST_PORT, redirectCode: 308}"
    ),
    "answered": answered("directResponse: {status: 418, body: {string: 'no model'}}"),
}


@pytest.fixture(scope="module", params=[behind_envoy, behind_nginx], ids=["envoy", "nginx"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All stacks of this module behind one proxy."""
    made = build(STACKS, tmp_path_factory.mktemp("proxy"), request.param)
    yield made
    made.close()


MATCHED = [
    ("header", "GET", "/", {"target": "mountain"}, "rf"),
    ("header", "GET", "/", {"target": "plant"}, "svc"),
    ("header", "GET", "/", {}, "svc"),
    ("header-prefix", "GET", "/", {"target": "mountain"}, "rf"),
    ("header-prefix", "GET", "/", {"target": "a mountain"}, "svc"),
    ("header-regex", "GET", "/", {"target": "mountain"}, "rf"),
    ("header-regex", "GET", "/", {"target": "mountains"}, "svc"),
    ("header-present", "GET", "/", {"target": "anything"}, "rf"),
    ("header-present", "GET", "/", {}, "svc"),
    ("header-absent", "GET", "/", {"target": "mountain"}, "svc"),
    ("header-absent", "GET", "/", {"target": "plant"}, "rf"),
    ("header-absent", "GET", "/", {}, "rf"),
    ("header-missing", "GET", "/", {}, "rf"),
    ("header-missing", "GET", "/", {"target": "mountain"}, "svc"),
    ("uri", "GET", "/predict", {}, "rf"),
    ("uri", "GET", "/predict?a=1", {}, "rf"),
    ("uri", "GET", "/predict/", {}, "svc"),
    ("uri-prefix", "GET", "/predictions", {}, "rf"),
    ("uri-prefix", "GET", "/Predict", {}, "svc"),
    ("uri-regex", "GET", "/predict/17", {}, "rf"),
    ("uri-regex", "GET", "/predict/17/label", {}, "svc"),
    ("uri-case", "GET", "/Predict/x", {}, "rf"),
    ("method", "POST", "/", {}, "rf"),
    ("method", "GET", "/", {}, "svc"),
    ("query", "GET", "/?model=rf", {}, "rf"),
    ("query", "GET", "/?model=svc", {}, "svc"),
    ("query-prefix", "GET", "/?model=rforest", {}, "rf"),
    ("query-regex", "GET", "/?model=rx", {}, "rf"),
    ("query-regex", "GET", "/?model=rxx", {}, "svc"),
    ("query-present", "GET", "/?model=", {}, "rf"),
    ("query-present", "GET", "/?other=1", {}, "svc"),
    ("authority", "GET", "/", {"host": "plant.example"}, "rf"),
    ("authority", "GET", "/", {}, "svc"),
    ("port", "GET", "/", {"target": "mountain"}, "rf"),
    ("port-other", "GET", "/", {}, "svc"),
    ("both", "POST", "/predict", {}, "rf"),
    ("both", "GET", "/predict", {}, "svc"),
    ("either", "GET", "/predict", {}, "rf"),
    ("either", "POST", "/", {}, "rf"),
    ("either", "GET", "/", {}, "svc"),
    ("full-host", "GET", "/", {}, "rf"),
    ("zero", "GET", "/", {}, "svc"),
]


@pytest.mark.parametrize(("name", "method", "path", "headers", "version"), MATCHED)
def test_a_request_takes_the_route_that_its_match_says(
    world: World, name: str, method: str, path: str, headers: dict[str, str], version: str
) -> None:
    """The first route with a match that holds takes the request; the last one takes the rest."""
    with world.client(name) as client:
        answer = client.request(method, path, headers=headers)
    assert answer.json()["backend"] == f"{name}-{version}-0"


def test_a_request_that_no_route_takes_is_a_404(world: World) -> None:
    """Nothing stands in for a missing route, and the record says that there was none."""
    with world.client("no-route") as client:
        answer = client.get("/", headers={"x-request-id": "no-route"})
    assert answer.status_code == 404
    assert world.proxy.record("no-route").flags == {"NR"}


def test_without_a_rule_all_replicas_take_requests(world: World) -> None:
    """A Service that no rule speaks for is reached as ever."""
    with world.client("plain") as client:
        seen = {client.get("/").json()["backend"] for _ in range(40)}
    assert seen == {"plain-svc-0", "plain-rf-0"}


def test_weights_split_the_requests(world: World) -> None:
    """Of 400 requests about a fifth goes to the subset with weight 20."""
    with world.client("weights") as client:
        answers = [client.get("/") for _ in range(400)]
    seen = Counter(answer.json()["backend"] for answer in answers)
    # A binomial with n = 400 and p = 0.2 is outside 40 to 124 in fewer than one of 10 million runs.
    assert 40 <= seen["weights-rf-0"] <= 124
    assert sum(seen.values()) == 400


def test_a_weighted_destination_changes_headers_of_its_own(world: World) -> None:
    """Headers of one destination show only on the requests and answers that it gets."""
    with world.client("weights") as client:
        answers = [client.get("/") for _ in range(60)]
    by_rf = {answer.json()["headers"].get("x-part") for answer in answers if "rf" in answer.json()["backend"]}
    by_svc = {answer.headers.get("x-part") for answer in answers if "svc" in answer.json()["backend"]}
    assert (by_rf, by_svc) == ({"rf"}, {"svc"})


def test_headers_of_the_request_change(world: World) -> None:
    """They are set, added beside what is there, removed; host is rewritten."""
    with world.client("changed") as client:
        seen = client.get("/", headers={"x-model": "old", "x-trace": "a", "x-secret": "s"}).json()["headers"]
    assert (seen["x-model"], seen["x-trace"], seen["host"]) == ("svc", "a,b", "iris.example")
    assert "x-secret" not in seen


def test_headers_of_the_answer_change(world: World) -> None:
    """They are set, added and removed."""
    with world.client("changed") as client:
        seen = client.get("/").headers
    assert (seen["x-release"], seen["x-more"]) == ("1", "more")
    assert "x-backend" not in seen


@pytest.mark.parametrize(
    ("name", "path", "arrived"),
    [
        ("rewritten", "/v1/predict?a=1", "/predict?a=1"),
        ("rewritten-exact", "/old?a=1", "/new?a=1"),
        ("rewritten-regex", "/v22/predict?a=1", "/predict?a=1"),
    ],
)
def test_a_path_is_rewritten(world: World, name: str, path: str, arrived: str) -> None:
    """The replica sees the new path with the query as it was."""
    with world.client(name) as client:
        assert client.get(path).json()["path"] == arrived


def test_the_host_is_rewritten(world: World) -> None:
    """The replica sees the host of the rewrite."""
    with world.client("rewritten") as client:
        assert client.get("/v1/predict").json()["headers"]["host"] == "iris.example"


@pytest.mark.parametrize(
    ("name", "path", "status", "location"),
    [
        ("redirected", "/old?a=1", 302, "http://iris.example/new?a=1"),
        ("redirected-prefix", "/old/predict?a=1", 301, "https://here:8443/new/predict?a=1"),
        ("redirected-port", "/predict", 308, "http://iris.example:8000/predict"),
    ],
)
def test_a_redirect_names_the_new_place(world: World, name: str, path: str, status: int, location: str) -> None:
    """Status and Location are those of the rule; the query stays where the path does."""
    with world.client(name) as client:
        answer = client.get(path, headers={"host": "here"})
    assert (answer.status_code, answer.headers["location"]) == (status, location)


def test_a_direct_response_asks_no_replica(world: World) -> None:
    """The proxy answers with the rule's status and body."""
    with world.client("answered") as client:
        answer = client.get("/")
    assert (answer.status_code, answer.text) == (418, "no model")
    assert world.replica("answered").received == []


def test_a_record_tells_what_became_of_a_request(world: World) -> None:
    """Subset, replica, status, attempts and the client's own request id are in the access record."""
    with world.client("header") as client:
        client.get("/predict?a=1", headers={"target": "mountain", "x-request-id": "told"})
    record = world.proxy.record("told")
    replica = world.replica("header", "rf")
    assert (record.method, record.path, record.status, record.flags) == ("GET", "/predict?a=1", 200, frozenset())
    assert (record.service, record.subset, record.attempts) == ("mesh/header", "rf", 1)
    assert record.upstream == f"127.0.0.1:{replica.port}"


def test_the_request_id_of_the_client_reaches_the_replica(world: World) -> None:
    """Both sides can be joined by it."""
    with world.client("plain") as client:
        seen = client.get("/", headers={"x-request-id": "mine"}).json()["headers"]
    assert seen["x-request-id"] == "mine"

"""What a real Envoy does with requests by HTTPRoutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.mesh.proxies import behind_envoy, behind_nginx, wait_for
from tests.mesh.world import Stack, World, build

PARENT = "HTTPRoute\nparentRefs: [{group: '', kind: Service, name: NAME, port: 8000}]\nrules:\n"


def rules(*texts: str) -> Stack:
    """Return a stack with an HTTPRoute of these rules."""
    return Stack(PARENT + "".join(f"  - {text}\n" for text in texts))


def to(name: str, *fields: str) -> str:
    """Return a rule that leads to the stack ``name``."""
    return "\n    ".join([f"backendRefs: [{{name: {name}, port: 8000}}]", *fields])


STACKS = {
    "svc": Stack(),
    "rf": Stack(),
    "header": rules(to("rf", "matches: [{headers: [{name: target, value: mountain}]}]"), to("svc")),
    "header-regex": rules(
        to("rf", "matches: [{headers: [{name: target, type: RegularExpression, value: 'm.*n'}]}]"), to("svc")
    ),
    "path": rules(to("svc"), to("rf", "matches: [{path: {type: Exact, value: /predict}}]")),
    "path-prefix": rules(to("svc"), to("rf", "matches: [{path: {value: /predict/}}]")),
    "path-regex": rules(to("rf", "matches: [{path: {type: RegularExpression, value: '/p[0-9]+'}}]"), to("svc")),
    "method": rules(to("svc"), to("rf", "matches: [{method: POST}]")),
    "query": rules(to("svc"), to("rf", "matches: [{queryParams: [{name: model, value: rf}]}]")),
    "weights": rules("backendRefs: [{name: svc, port: 8000, weight: 9}, {name: rf, port: 8000, weight: 1}]"),
    "empty": rules("backendRefs: []"),
    "mirror": rules(to("svc", "filters: [{type: RequestMirror, requestMirror: {backendRef: {name: rf, port: 8000}}}]")),
    "changed": rules(
        to(
            "svc",
            "filters:",
            "  - type: RequestHeaderModifier",
            "    requestHeaderModifier: {set: [{name: x-a, value: '1'}], remove: [x-b]}",
            "  - type: ResponseHeaderModifier",
            "    responseHeaderModifier: {add: [{name: x-c, value: '2'}]}",
        )
    ),
    "rewritten": rules(
        to(
            "svc",
            "matches: [{path: {value: /v1}}]",
            "filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]",
        )
    ),
    "rewritten-full": rules(
        to("svc", "filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]")
    ),
    "redirected": rules(
        "filters: [{type: RequestRedirect, requestRedirect: {hostname: iris.example, statusCode: 301}}]"
    ),
    "timeout": rules(to("NAME", "timeouts: {request: 200ms}")),
    "timeout-try": rules(to("NAME", "timeouts: {backendRequest: 100ms}", "retry: {attempts: 1, codes: [504]}")),
}


@pytest.fixture(scope="module", params=[behind_envoy, behind_nginx], ids=["envoy", "nginx"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All stacks of this module behind one proxy."""
    made = build(STACKS, tmp_path_factory.mktemp("proxy"), request.param)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("name", "method", "path", "headers", "served"),
    [
        ("header", "GET", "/", {"target": "mountain"}, "rf"),
        ("header", "GET", "/", {"target": "mountains"}, "svc"),
        ("header-regex", "GET", "/", {"target": "mountain"}, "rf"),
        ("path", "GET", "/predict", {}, "rf"),
        ("path", "GET", "/predict/test", {}, "svc"),
        ("path-prefix", "GET", "/predict", {}, "rf"),
        ("path-prefix", "GET", "/predict/test", {}, "rf"),
        ("path-prefix", "GET", "/predictions", {}, "svc"),
        ("path-regex", "GET", "/p17", {}, "svc"),
        ("method", "POST", "/", {}, "rf"),
        ("method", "GET", "/", {}, "svc"),
        ("query", "GET", "/?model=rf", {}, "rf"),
        ("query", "GET", "/?model=svc", {}, "svc"),
    ],
)
def test_the_most_specific_match_takes_the_request(
    world: World, name: str, method: str, path: str, headers: dict[str, str], served: str
) -> None:
    """Order in the manifest does not count; a prefix (of all paths, too) comes before a regular expression."""
    with world.client(name) as client:
        answer = client.request(method, path, headers=headers)
    assert answer.json()["backend"].startswith(f"{served}-")


def test_weights_split_the_requests(world: World) -> None:
    """Of 300 requests about a tenth goes to weight 1 of 10 (outside 8 to 62 once in 10 million runs)."""
    with world.client("weights") as client:
        seen = Counter(client.get("/").json()["backend"].split("-")[0] for _ in range(300))
    assert 8 <= seen["rf"] <= 62


def test_a_rule_without_backends_answers_500(world: World) -> None:
    """As the Gateway API asks."""
    with world.client("empty") as client:
        assert client.get("/").status_code == 500


def test_a_mirror_gets_a_copy(world: World) -> None:
    """The client sees the backend's answer, the mirror gets the same request."""
    with world.client("mirror") as client:
        answer = client.get("/copied")
    assert answer.json()["backend"].startswith("svc-")
    replicas = [world.replica("rf", version) for version in ("svc", "rf")]
    wait_for(lambda: any(seen.path == "/copied" for replica in replicas for seen in replica.received), "the copy")


def test_headers_change(world: World) -> None:
    """They are set and removed on the way in, added on the way out."""
    with world.client("changed") as client:
        answer = client.get("/", headers={"x-a": "0", "x-b": "0"})
    seen = answer.json()["headers"]
    assert (seen["x-a"], "x-b" in seen, answer.headers["x-c"]) == ("1", False, "2")


@pytest.mark.parametrize(
    ("name", "path", "arrived"),
    [
        ("rewritten", "/v1/predict?a=1", "/predict?a=1"),
        ("rewritten", "/v1", "/"),
        ("rewritten-full", "/any/path?a=1", "/new?a=1"),
    ],
)
def test_a_path_is_rewritten(world: World, name: str, path: str, arrived: str) -> None:
    """A prefix that is replaced by the root leaves no double slash."""
    with world.client(name) as client:
        assert client.get(path).json()["path"] == arrived


def test_a_redirect_keeps_the_port_of_the_request(world: World) -> None:
    """Without a port or a scheme the Service's port stays."""
    with world.client("redirected") as client:
        answer = client.get("/predict")
    assert (answer.status_code, answer.headers["location"]) == (301, "http://iris.example:8000/predict")


@pytest.mark.parametrize("name", ["timeout", "timeout-try"])
def test_a_request_over_its_time_is_a_504(world: World, name: str) -> None:
    """The limit of the request, or of every try, ends it."""
    replicas = [world.replica(name, version) for version in ("svc", "rf")]
    for replica in replicas:
        replica.holding = True
    with world.client(name) as client:
        status = client.get("/").status_code
    world.backends.release(*replicas)
    assert status == 504

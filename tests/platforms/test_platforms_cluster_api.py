"""Calls to the API server: one clear error each, and patience while it does not answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from kubernetes.client import ApiClient, Configuration

from gonogo.errors import AbsentPlatform, EnvironmentFault, ManifestError, SettingsError
from gonogo.platforms.cluster import ClusterPlatform
from gonogo.platforms.cluster.access import connect
from gonogo.platforms.cluster.api import Api, Refused, Unreachable
from gonogo.platforms.cluster.applying import Kinds, Written, apply
from gonogo.platforms.cluster.rewrite import Rewriter
from tests.contracts.topologies import topology

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: mine, context: {cluster: c, user: u}}, {name: other, context: {cluster: c, user: u}}]
current-context: mine
"""


class Server(ThreadingHTTPServer):
    """Answers like an API server: by path, with what the test put there; an unknown path is not found."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, list[tuple[int, object]]] = {}
        self.asked: list[tuple[str, str, object]] = []


class Handler(BaseHTTPRequestHandler):
    """Takes the next answer of the path; the last one stays."""

    server: Server

    def answer(self) -> None:
        """Answer."""
        length = int(self.headers.get("Content-Length", 0))
        sent = json.loads(self.rfile.read(length)) if length else None
        path = self.path.partition("?")[0]
        self.server.asked.append((self.command, self.path, sent))
        answers = self.server.answers.get(path, [(404, {"reason": "NotFound", "message": f"{path} not found"})])
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PATCH = do_POST = do_DELETE = answer  # noqa: N815 - the names of the class above

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - likewise
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that runs."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _api(port: int, patience_s: float = 30.0) -> Api:
    clock = iter(range(1000))
    client = ApiClient(Configuration(host=f"http://127.0.0.1:{port}"))
    return Api(client, patience_s=patience_s, clock=lambda: float(next(clock)), pause=lambda _: None)


@pytest.fixture
def api(server: Server) -> Api:
    """A client of it whose clock ticks once a look, and that does not wait."""
    return _api(server.server_port)


def test_a_refusal_tells_the_servers_own_message(server: Server, api: Api) -> None:
    """Status, reason and message come through, with what was asked."""
    server.answers["/api/v1/x"] = [(403, {"reason": "Forbidden", "message": "user u may not look at x"})]
    with pytest.raises(Refused, match=r"GET /api/v1/x: user u may not look at x") as refused:
        api.get("/api/v1/x")
    assert (refused.value.status, refused.value.reason) == (403, "Forbidden")


def test_a_server_that_is_busy_is_asked_again(server: Server, api: Api) -> None:
    """503 is no answer yet."""
    server.answers["/version"] = [(503, {}), (429, {}), (200, {"gitVersion": "v1"})]
    assert api.get("/version") == {"gitVersion": "v1"}


def test_patience_ends() -> None:
    """A server that nobody listens for is told with its address, once it has been waited for."""
    with pytest.raises(Unreachable, match=r"http://127.0.0.1:1: the API server does not answer \(.*refused"):
        _api(1, patience_s=3.0).get("/version")


def test_applying_says_who_manages_the_fields(server: Server, api: Api) -> None:
    """Server-side apply: a PATCH of the whole object, in the name of gonogo."""
    server.answers["/api/v1/namespaces/a/services/s"] = [(200, {})]
    api.apply("/api/v1/namespaces/a/services/s", {"kind": "Service"})
    assert server.asked == [
        ("PATCH", "/api/v1/namespaces/a/services/s?fieldManager=gonogo&force=true", {"kind": "Service"})
    ]


def test_what_is_gone_is_deleted(api: Api) -> None:
    """Deleting what does not exist is no error."""
    api.delete("/api/v1/namespaces/gone")


def _written(kind: str, version: str = "v1", name: str = "n") -> Written:
    body = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}}
    return Written(body, "stack.yaml:1", "" if kind == "PersistentVolume" else "shop")


CORE = {
    "resources": [
        {"kind": "Namespace", "name": "namespaces", "namespaced": False},
        {"kind": "PersistentVolume", "name": "persistentvolumes", "namespaced": False},
        {"kind": "Pod", "name": "pods", "namespaced": True},
        {"kind": "Pod", "name": "pods/log", "namespaced": True},
        {"kind": "ConfigMap", "name": "configmaps", "namespaced": True},
    ]
}


def test_what_others_need_is_applied_first(server: Server, api: Api) -> None:
    """A ConfigMap comes before the Pod that stands above it in the file."""
    server.answers |= {
        "/api/v1": [(200, CORE)],
        "/api/v1/namespaces/shop-1/pods/n": [(200, {})],
        "/api/v1/namespaces/shop-1/configmaps/n": [(200, {})],
    }
    notes = apply(api, Kinds(api), [_written("Pod"), _written("ConfigMap")], Rewriter({"shop": "shop-1"}, [], {}))
    applied = [path.partition("?")[0].rsplit("/", 2)[1] for verb, path, _ in server.asked if verb == "PATCH"]
    assert (applied, notes) == (["configmaps", "pods"], ())


def test_kinds_that_the_cluster_does_not_serve_are_left_out_with_a_note(server: Server, api: Api) -> None:
    """An Istio rule where Istio is not installed."""
    rule = _written("VirtualService", "networking.istio.io/v1")
    [note] = apply(api, Kinds(api), [rule], Rewriter({}, [], {}))
    assert note == (
        "VirtualService shop/n was left out: the cluster serves no VirtualService of networking.istio.io/v1"
    )
    assert [verb for verb, _, _ in server.asked] == ["GET"]


def test_nothing_is_applied_outside_of_the_sessions_namespaces(server: Server, api: Api) -> None:
    """An object of the whole cluster would be everybody's."""
    server.answers["/api/v1"] = [(200, CORE)]
    [note] = apply(api, Kinds(api), [_written("PersistentVolume"), _written("Namespace")], Rewriter({}, [], {}))
    assert note == "PersistentVolume n was left out: it would stand outside of the session's namespaces"


def test_an_object_that_is_refused_is_a_manifest_error(server: Server, api: Api) -> None:
    """With the file and line of the object."""
    server.answers |= {
        "/api/v1": [(200, CORE)],
        "/api/v1/namespaces/shop-1/pods/n": [
            (422, {"reason": "Invalid", "message": "spec.containers: Required value"})
        ],
    }
    with pytest.raises(ManifestError, match=r"stack.yaml:1: the API server refuses Pod shop/n: spec.containers"):
        apply(api, Kinds(api), [_written("Pod")], Rewriter({"shop": "shop-1"}, [], {}))


def test_a_missing_right_is_not_the_manifests_fault(server: Server, api: Api) -> None:
    """Who asks may not make Pods."""
    server.answers |= {
        "/api/v1": [(200, CORE)],
        "/api/v1/namespaces/shop-1/pods/n": [(403, {"reason": "Forbidden", "message": "no"})],
    }
    with pytest.raises(EnvironmentFault, match=r"docs/platforms.md"):
        apply(api, Kinds(api), [_written("Pod")], Rewriter({"shop": "shop-1"}, [], {}))


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubeconfig with two contexts, whose server is nowhere."""
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG)
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    return path


@pytest.mark.usefixtures("kubeconfig")
def test_a_context_that_is_not_allowed_is_refused() -> None:
    """The message names it, and the line of the settings that allows it."""
    with pytest.raises(
        SettingsError, match=r"'mine' may not be used \(allowed: other\).*allow_contexts = \[\"mine\"\]"
    ):
        connect(["other"])


@pytest.mark.usefixtures("kubeconfig")
def test_a_cluster_that_does_not_answer_is_an_absent_platform(tmp_path: Path) -> None:
    """At the start nobody waits for it: nothing was sent."""
    with pytest.raises(AbsentPlatform, match=r"does not answer"):
        ClusterPlatform(["mine"]).start(topology(), workdir=tmp_path, ready_timeout_s=1.0)


def test_no_kubeconfig_is_an_absent_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to set."""
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    with pytest.raises(AbsentPlatform, match=r"no cluster is configured.*KUBECONFIG"):
        connect(["mine"])

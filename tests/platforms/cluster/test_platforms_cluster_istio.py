"""Load through an Istio proxy: a real istiod makes of the cluster's rules what acts, and of every change of them.

Beside what the other tests here need: Istio's resource definitions in the cluster, and the address at which its istiod
hands out configuration in plain gRPC, in GONOGO_ISTIOD (such as ``127.0.0.1:15010``).
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from fixtures.projects import Project
from gonogo.errors import EnvironmentFault, UsageError
from gonogo.platforms.cluster import ClusterPlatform
from gonogo.platforms.cluster.access import current_context
from gonogo.sidecar.istio import IstioProxy, ProxyAddress
from gonogo.sidecar.order import SidecarOrder
from gonogo.sidecar.process import ProxyProcess
from gonogo.sidecar.program import program
from gonogo.suite.outlets import outlets_of
from gonogo.suite.placement import Placement
from gonogo.suite.stack import Stack
from gonogo.suite.traffic import Traffic
from gonogo.wiring import read_manifests, start_traffic
from tests.contracts.waiting import eventually
from tests.platforms.cluster.ruled import ISTIO, Ruled, counted, manifests, served

WITHIN_S = 90.0
HOST = "127.0.0.1"
SUITE = '''\
"""The gate of a split Service."""
import pytest

pytestmark = [pytest.mark.loadtest, pytest.mark.stack("manifests")]


def test_holds(stack, load):
    """It answers, and what nobody recorded is not judged."""
    target = stack["web"].target("GET", "/environment")
    assert load(target, rate=20, duration="3s", require=["success >= 50%", "breaker.rejected <= 50%"]).go
'''


@dataclass(frozen=True)
class Proxy:
    """An Envoy that istiod configures as a client's sidecar; it takes requests for any Service at ``port``."""

    port: int


@pytest.fixture(scope="module")
def proxy(cluster: ClusterPlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Start Envoy as the sidecar of a client in a namespace of its own."""
    istiod = os.environ.get("GONOGO_ISTIOD", "")
    if not istiod:
        pytest.skip("no istiod: name its plain gRPC address in GONOGO_ISTIOD")
    api = served(cluster)
    space, port, folder = f"istio-client-{secrets.token_hex(3)}", _free_port(), tmp_path_factory.mktemp("envoy")
    (folder / "short").mkdir()
    api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    try:
        listener = {"port": {"number": port, "protocol": "HTTP", "name": "http"}, "bind": HOST, "captureMode": "NONE"}
        api.create(
            f"/apis/{ISTIO}/namespaces/{space}/sidecars",
            {
                "apiVersion": ISTIO,
                "kind": "Sidecar",
                "metadata": {"name": "client", "namespace": space},
                "spec": {"egress": [{**listener, "hosts": ["*/*"]}]},
            },
        )
        file = folder / "envoy.yaml"
        file.write_text(yaml.safe_dump(_bootstrap(space, istiod)), encoding="utf-8")
        command = [program("envoy"), "-c", str(file), "--concurrency", "1", "--disable-hot-restart"]
        process = ProxyProcess(command, folder=folder, remove=folder / "short", cores=())
        try:
            yield Proxy(port)
        finally:
            process.stop()
    finally:
        api.delete(f"/api/v1/namespaces/{space}")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        port: int = taken.getsockname()[1]
        return port


def _bootstrap(space: str, istiod: str) -> dict[str, object]:
    """Configure Envoy to be told everything by istiod: https://istio.io/latest/docs/concepts/traffic-management/."""
    host, _, port = istiod.rpartition(":")
    address = {"socket_address": {"address": host, "port_value": int(port)}}
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    control = {
        "name": "istiod",
        "type": "STATIC",
        "typed_extension_protocol_options": {
            options: {
                "@type": f"type.googleapis.com/{options}",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": "istiod",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
    told = {"ads": {}, "resource_api_version": "V3"}
    return {
        "node": {
            "id": f"sidecar~198.18.255.99~client.{space}~{space}.svc.cluster.local",
            "cluster": f"client.{space}",
            "metadata": {"NAMESPACE": space, "CLUSTER_ID": "Kubernetes", "INSTANCE_IPS": "198.18.255.99"},
        },
        "dynamic_resources": {
            "ads_config": {
                "api_type": "GRPC",
                "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": "istiod"}}],
            },
            "cds_config": told,
            "lds_config": told,
        },
        "static_resources": {"clusters": [control]},
    }


@pytest.fixture(scope="module")
def world(
    cluster: ClusterPlatform, proxy: Proxy, echo_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, Ruled]]:
    """A stack whose rules Istio's proxy carries out."""
    folder, namespace = tmp_path_factory.mktemp("istio"), f"istio-{secrets.token_hex(3)}"
    file = folder / "web.yaml"
    file.write_text(manifests(namespace, echo_image, proxy.port), encoding="utf-8")
    declared = read_manifests([file])

    def carried() -> Traffic | None:
        try:
            return start_traffic(
                running,
                declared,
                SidecarOrder(),
                proxy="istio",
                placement=Placement((), ()),
                folder=folder / "sidecar",
                istio_proxy=HOST,
            )
        except EnvironmentFault:  # Envoy listens when istiod has told it to
            return None

    with cluster.start(declared.topology, workdir=folder / "stack", ready_timeout_s=WITHIN_S) as running:
        traffic = eventually(carried, WITHIN_S)
        assert traffic is not None
        stack = Stack(running, traffic=traffic)
        try:
            eventually(lambda: _answers(stack), WITHIN_S)
            yield stack, Ruled(served(cluster), namespace)
        finally:
            traffic.stop()


def _answers(stack: Stack) -> bool:
    with stack["web"].client() as client:
        return client.get("/environment").status_code == 200


def _shares(stack: Stack, requests: int) -> float:
    """Return the share of ``requests`` that the version rf answered."""
    with stack["web"].client() as client:
        return counted(client, requests)["rf"] / requests


def test_istio_carries_out_changed_weights(world: tuple[Stack, Ruled]) -> None:
    """60/40 as declared, and 95/5 once the cluster holds it and istiod has told the proxy, as seen at the versions.

    Of 300 at 40 %, fewer than 75 or more than 165 come once in ten million; of 100 at 40 % at most 20 once in 50,000;
    of 300 at 5 % none or more than 40 once in a million.
    """
    stack, ruled = world
    assert 0.25 <= _shares(stack, 300) <= 0.55
    stack.traffic.set_weights("web", {"svc": 95, "rf": 5}, why="a test")
    assert ruled.weights == [95, 5]
    eventually(lambda: _shares(stack, 100) <= 0.2, WITHIN_S)
    assert 0 < _shares(stack, 300) <= 40 / 300
    stack.traffic.reset()
    assert ruled.weights == [60, 40]


def test_the_host_header_names_the_service_in_its_namespace(world: tuple[Stack, Ruled]) -> None:
    """By which Istio's proxy knows it; the target keeps the name that the manifests give it."""
    stack, ruled = world
    target = stack["web"].target("GET", "/environment")
    assert dict(target.headers)["Host"].startswith(f"web.{ruled.space}.svc.cluster.local:")
    assert ruled.space not in target.url


def test_what_needs_records_says_so(world: tuple[Stack, Ruled]) -> None:
    """Nothing of gonogo's stands on the way, so nobody recorded which version a request went to."""
    stack, _ = world
    with pytest.raises(UsageError, match="keeps no records that gonogo sees"):
        stack.traffic.log  # noqa: B018 - asking is what is tested


def test_without_the_proxy_nothing_is_sent(world: tuple[Stack, Ruled]) -> None:
    """An address at which nothing listens is the machine's fault, and the message says what to do."""
    stack, _ = world
    with pytest.raises(EnvironmentFault, match="takes no connections") as caught:
        IstioProxy(ProxyAddress("127.0.0.1", _free_port()), stack.traffic.policy, outlets_of(stack.running))
    assert "leave out istio_proxy" in caught.value.mend


def test_the_judgment_says_that_istio_carried_the_rules_out(proxy: Proxy, echo_image: str, tmp_path: Path) -> None:
    """A run's notes name the proxy; a criterion on the breaker's records is INCONCLUSIVE, and the session with it."""
    project = Project(tmp_path)
    project.write("manifests/model.yaml", manifests(f"gate-{secrets.token_hex(3)}", echo_image, proxy.port))
    project.write("suites/test_model.py", SUITE)
    project.write(
        "pyproject.toml",
        f'[tool.gonogo]\nplatform = "cluster"\nallow_contexts = ["{current_context()}"]\nistio_proxy = "{HOST}"\n'
        'ready_timeout = "120s"\n',
    )
    outcome = project.pytest("-m", "loadtest")
    [run] = outcome.judgment["runs"]
    assert any("through Istio's proxy at 127.0.0.1" in note for note in run["notes"]), outcome.output
    verdicts = {each["expression"]: each for each in outcome.judgment["criteria"]}
    assert verdicts["breaker.rejected <= 50%"]["verdict"] == "INCONCLUSIVE", outcome.output
    assert "nobody recorded" in verdicts["breaker.rejected <= 50%"]["reason"]

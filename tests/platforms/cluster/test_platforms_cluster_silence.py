"""A stack outlives an API server that does not answer for a time; so does what is known of it."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from gonogo.manifests.topology import HttpGet, Port, Probe
from gonogo.platforms.cluster import ClusterPlatform
from gonogo.platforms.cluster.access import connect, current_context
from tests.contracts.topologies import container, deployment, topology
from tests.contracts.waiting import eventually


class Wire:
    """A TCP relay to the API server that can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.whole = threading.Event()
        self.whole.set()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._ending.set()
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        pairs: dict[socket.socket, socket.socket] = {}
        while not self._ending.is_set():
            if not self.whole.is_set():
                for each in pairs:
                    each.close()
                pairs = {}
            ready, _, _ = select.select([self._listener, *pairs], [], [], 0.05)
            for each in ready:
                if each is self._listener:
                    self._accept(pairs)
                elif each in pairs:
                    _relay(each, pairs)
        for each in pairs:
            each.close()

    def _accept(self, pairs: dict[socket.socket, socket.socket]) -> None:
        near, _ = self._listener.accept()
        if not self.whole.is_set():
            near.close()
            return
        far = socket.create_connection(self._to)
        pairs[near], pairs[far] = far, near


def _relay(one: socket.socket, pairs: dict[socket.socket, socket.socket]) -> None:
    try:
        data = one.recv(65536)
        if data:
            pairs[one].sendall(data)
            return
    except OSError:
        pass
    other = pairs.pop(one)
    pairs.pop(other)
    one.close()
    other.close()


@pytest.fixture
def wire(cluster: ClusterPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """A relay, with a kubeconfig that leads through it."""
    del cluster
    here = urlsplit(connect([current_context()]).server)
    wire = Wire(here.hostname or "", here.port or 443)
    path = tmp_path / "kubeconfig"
    content = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text(encoding="utf-8"))
    for each in content["clusters"]:
        each["cluster"]["server"] = f"{here.scheme}://127.0.0.1:{wire.port}"
        each["cluster"].setdefault("tls-server-name", here.hostname)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    yield wire
    wire.close()


def test_a_silent_api_server_stops_neither_load_nor_stack(wire: Wire, tmp_path: Path, echo_image: str) -> None:
    """Endpoints stay known and answer; the silence is told once it is long; the stop removes everything after it."""
    probe = Probe(HttpGet("/health", 8000), period_s=1.0)
    web = deployment("web", container(echo_image, ports=(Port(8000, "http"),), readiness=probe))
    platform = ClusterPlatform([current_context()], stop_timeout_s=2.0)
    with platform.start(topology(web), workdir=tmp_path / "stack", ready_timeout_s=30.0) as stack:
        service = stack.topology.service("web")
        wire.whole.clear()
        told = eventually(stack.problems, 30.0)
        assert "the API server does not answer" in told[0]
        [endpoint] = stack.endpoints(service)
        answer = httpx.get(f"http://{endpoint.host}:{endpoint.port}/health", trust_env=False)
        assert answer.status_code == 200
        wire.whole.set()
        assert eventually(lambda: set(stack.sample()) == {"shop/web/0"}, 20.0)
    assert len(stack.problems()) == 1

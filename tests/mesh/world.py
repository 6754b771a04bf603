"""Small stacks behind a real proxy: each Service has rules of its own, and all share one proxy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from uuid import uuid4

import httpx

from gonogo.manifests.check import check
from gonogo.manifests.findings import Severity
from gonogo.manifests.host import Host
from gonogo.manifests.syntax import parse
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.reading import read
from gonogo.mesh.sidecar import Address, Endpoint, Outlet, Sidecar
from tests.mesh.backends import Backend, Backends
from tests.mesh.proxies import Proxy, free_ports, wait_for

__all__ = [
    "NAMESPACE",
    "ONLY",
    "SINGLE",
    "TWO_VERSIONS",
    "Stack",
    "World",
    "build",
    "crowd",
    "manifests",
    "spread",
    "stuck_at",
]

NAMESPACE = "mesh"
TWO_VERSIONS = """
DestinationRule
host: NAME
trafficPolicy: {connectionPool: {tcp: {maxConnections: 200}}}
subsets: [{name: svc, labels: {version: svc}}, {name: rf, labels: {version: rf}}]
---
VirtualService
hosts: [NAME]
http:
  - route:
      - {destination: {host: NAME, subset: svc}, weight: 100}
      - {destination: {host: NAME, subset: rf}, weight: 0}
"""
"""Rules of a Service with two versions, all of whose requests go to the first."""
Start = Callable[[Policy, Sidecar, Path], Proxy]


@dataclass(frozen=True)
class Stack:
    """One Service, its rules, and its replicas by version.

    Attributes:
        rules: YAML of traffic rules; ``NAME`` stands for the Service's name.
        overflow: the annotation of its DestinationRule that says who takes what is turned away.
    """

    rules: str = ""
    replicas: Mapping[str, int] = field(default_factory=lambda: {"svc": 1, "rf": 1})
    overflow: str = ""


_ROUTED = "VirtualService\nhosts: [NAME]\nhttp:\n  - route: [{destination: {host: NAME}}]\n    retries: {attempts: 0}\n"
_AT_A_TIME = "DestinationRule\nhost: NAME\ntrafficPolicy: {connectionPool: {http: {http2MaxRequests: 1}}}\n---\n"
ONLY = Stack(_ROUTED, {"svc": 1})
"""One replica, without limits."""
SINGLE = Stack(_AT_A_TIME + _ROUTED, {"svc": 1})
"""One replica, which the breaker lets have one request at a time."""


@dataclass
class World:
    """Stacks that run behind one proxy."""

    proxy: Proxy
    backends: Backends
    ports: Mapping[str, int]
    replicas: Mapping[str, Mapping[str, list[Backend]]]

    def url(self, name: str) -> str:
        """Return where the proxy listens for the Service ``name``."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def client(self, name: str, **headers: str) -> httpx.Client:
        """Return a client of the Service ``name``."""
        return httpx.Client(base_url=self.url(name), headers=headers, trust_env=False, timeout=20)

    def replica(self, name: str, version: str = "svc", index: int = 0) -> Backend:
        """Return one replica of the Service ``name``."""
        return self.replicas[name][version][index]

    def close(self) -> None:
        """End the proxy and the replicas."""
        self.proxy.stop()
        self.backends.close()


def manifests(stacks: Mapping[str, Stack]) -> str:
    """Return the YAML of ``stacks``: Services, Deployments and rules."""
    return "---\n".join(_namespace() + [part for name, stack in stacks.items() for part in _declared(name, stack)])


def build(stacks: Mapping[str, Stack], folder: Path, start: Start, *, strict: bool = True) -> World:
    """Start ``stacks`` behind the proxy that ``start`` makes."""
    documents = parse(manifests(stacks), "stacks.yaml")
    errors = [str(finding) for finding in check(documents) if finding.severity is Severity.ERROR]
    assert not strict or not errors, "\n".join(errors)
    backends = Backends()
    try:
        replicas = {
            name: {
                version: [backends.start(f"{name}-{version}-{i}") for i in range(count)]
                for version, count in stack.replicas.items()
            }
            for name, stack in stacks.items()
        }
        ports = dict(zip(stacks, free_ports(len(stacks)), strict=True))
        sidecar = Sidecar(
            tuple(_outlet(name, ports[name], replicas[name]) for name in stacks), access_log=str(folder / "access.json")
        )
        proxy = start(read(documents), sidecar, folder)
    except BaseException:
        backends.close()
        raise
    return World(proxy, backends, ports, replicas)


def crowd(
    world: World, name: str, number: int, *, held: int, waiting: int = 0, body: bytes | None = None
) -> list[httpx.Response]:
    """Send ``number`` requests at once, each with an ``x-request-id`` of its own, and return their answers.

    The replica holds ``held`` of them and the proxy keeps ``waiting`` until all others have been turned away. With a
    ``body`` they are POST requests.
    """
    replica = world.replica(name)
    replica.holding = True

    def one(_: int) -> httpx.Response:
        with world.client(name) as client:
            method = "GET" if body is None else "POST"
            return client.request(method, "/", content=body, headers={"x-request-id": uuid4().hex})

    with ThreadPoolExecutor(number) as pool:
        answers = [pool.submit(one, index) for index in range(number)]
        try:
            wait_for(lambda: replica.waiting == held, f"{held} requests at the replica")
            rejected = number - held - waiting
            wait_for(lambda: sum(answer.done() for answer in answers) == rejected, f"{rejected} rejections")
        finally:
            world.backends.release(replica)
        return [answer.result(20) for answer in answers]


def spread(world: World, name: str, number: int) -> Counter[str]:
    """Return how many of ``number`` requests, one after the other, each replica got."""
    with world.client(name) as client:
        return Counter(client.get("/").json()["backend"] for _ in range(number))


def stuck_at(world: World, name: str, number: int) -> int:
    """Send ``number`` requests, one after the other, while one replica holds its own; return how many it got."""
    busy = world.replica(name)
    busy.holding = True
    with ThreadPoolExecutor(number) as pool, world.client(name) as client:
        sent = []
        for _ in range(number):
            before = busy.waiting
            request = pool.submit(client.get, "/")
            sent.append(request)
            _settled(request, busy, before)
        stuck = busy.waiting
        world.backends.release(busy)
        for request in sent:
            request.result(20)
    return stuck


def _settled(request: Future[httpx.Response], busy: Backend, before: int) -> None:
    wait_for(lambda: request.done() or busy.waiting > before, "an answer or a held request")


def _outlet(name: str, port: int, versions: Mapping[str, list[Backend]]) -> Outlet:
    endpoints = tuple(
        Endpoint(Address("127.0.0.1", backend.port), {"app": name, "version": version})
        for version, replicas in versions.items()
        for backend in replicas
    )
    return Outlet(Host(NAMESPACE, name), 8000, Address("127.0.0.1", port), endpoints)


def _namespace() -> list[str]:
    return [f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {NAMESPACE}}}\n"]


def _declared(name: str, stack: Stack) -> list[str]:
    head = f"metadata: {{name: {name}, namespace: {NAMESPACE}}}\n"
    service = f"  selector: {{app: {name}}}\n  ports: [{{name: http, port: 8000}}]\n"
    parts = [f"apiVersion: v1\nkind: Service\n{head}spec:\n{service}"]
    for version, count in stack.replicas.items():
        labels = f"{{app: {name}, version: {version}}}"
        named = f"metadata: {{name: {name}-{version}, namespace: {NAMESPACE}}}\n"
        container = "{name: iris, image: 'iris:1', ports: [{containerPort: 8000}]}"
        parts.append(
            f"apiVersion: apps/v1\nkind: Deployment\n{named}spec:\n  replicas: {count}\n"
            f"  selector: {{matchLabels: {labels}}}\n  template:\n    metadata: {{labels: {labels}}}\n"
            f"    spec: {{containers: [{container}]}}\n"
        )
    for rule in filter(None, map(str.strip, dedent(stack.rules).replace("NAME", name).split("\n---\n"))):
        kind, _, spec = rule.partition("\n")
        group = "gateway.networking.k8s.io/v1" if kind == "HTTPRoute" else "networking.istio.io/v1"
        marks = f", annotations: {{gonogo.dev/overflow: '{stack.overflow}'}}" if stack.overflow else ""
        marked = f"metadata: {{name: {name}, namespace: {NAMESPACE}{marks}}}\n"
        parts.append(f"apiVersion: {group}\nkind: {kind}\n{marked}spec:\n{indent(spec, '  ')}\n")
    return parts

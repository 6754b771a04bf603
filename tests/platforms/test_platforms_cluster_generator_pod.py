"""The Pod of a load worker: what it takes from the manifests' generator Pod, and what it never has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gonogo.manifests import build
from gonogo.manifests.syntax import parse
from gonogo.manifests.topology import Topology
from gonogo.platforms.cluster.generator_pod import Beside, generator_order, worker_pod, worker_size
from gonogo.platforms.interface import WorkerSize

_MANIFESTS = """
apiVersion: v1
kind: Pod
metadata:
  name: client
  namespace: shop
  labels: {app: client}
  annotations: {gonogo.dev/role: generator, sidecar.istio.io/inject: "false"}
spec:
  serviceAccountName: caller
  nodeSelector: {pool: load}
  containers:
    - name: client
      image: example/client:1
      env: [{name: TOKEN, value: secret}]
      resources: {limits: {cpu: 1500m, memory: 256Mi}}
      volumeMounts: [{name: load, mountPath: /load}]
  volumes: [{name: load, emptyDir: {}}]
"""
_SIZE = WorkerSize(1.5, 256 * 1024**2, "Pod shop/client")


@pytest.fixture
def topology() -> Topology:
    """A topology with nothing but a generator."""
    return build.topology(parse(_MANIFESTS, "client.yaml")).require()


@pytest.fixture
def pod(topology: Topology) -> dict[str, Any]:
    """The Pod of a worker in that stack."""
    order = generator_order(topology, {"shop": "shop-gonogo-1"}, "gonogo/generator:1", lambda body: body)
    return worker_pod("w-0", order.namespace, order.image, order.size, declared=order.declared)


def test_requests_are_limits(pod: dict[str, Any]) -> None:
    """CPU and memory are those of the manifests' Pod, and fixed."""
    resources = pod["spec"]["containers"][0]["resources"]
    assert resources["requests"] == resources["limits"] == {"cpu": "1500m", "memory": str(256 * 1024**2)}


def test_what_places_and_connects_the_client_stays(pod: dict[str, Any]) -> None:
    """Labels, annotations, service account and node selection."""
    assert pod["metadata"]["labels"]["app"] == "client"
    assert pod["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"
    assert (pod["spec"]["serviceAccountName"], pod["spec"]["nodeSelector"]) == ("caller", {"pool": "load"})
    assert pod["metadata"]["namespace"] == "shop-gonogo-1"


def test_the_clients_own_container_makes_way(pod: dict[str, Any]) -> None:
    """There is one container, of our image, without the client's environment and volumes."""
    (container,) = pod["spec"]["containers"]
    assert container["image"] == "gonogo/generator:1"
    assert "env" not in container
    assert [volume["name"] for volume in pod["spec"]["volumes"]] == ["gonogo-tmp"]


def test_it_has_no_rights_to_speak_of(pod: dict[str, Any]) -> None:
    """No root, no capability, no writable root file system, no credentials of the cluster."""
    context = pod["spec"]["containers"][0]["securityContext"]
    assert context["runAsNonRoot"]
    assert context["readOnlyRootFilesystem"]
    assert not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert pod["spec"]["automountServiceAccountToken"] is False


def test_others_can_stand_beside_the_engine() -> None:
    """Containers, volumes and annotations, such as a proxy's."""
    beside = Beside(({"name": "proxy"},), ({"name": "configuration"},), {"a": "b"})
    pod = worker_pod("w-0", "shop", "gonogo/generator:1", _SIZE, beside=beside)
    assert [container["name"] for container in pod["spec"]["containers"]] == ["generator", "proxy"]
    assert pod["spec"]["volumes"][-1] == {"name": "configuration"}
    assert pod["metadata"]["annotations"] == {"a": "b"}


def test_without_a_generator_pod_there_is_a_default(topology: Topology) -> None:
    """One core and 512 MiB, in a namespace of the stack."""
    silent = replace(topology, generators=())
    order = generator_order(silent, {"shop": "shop-gonogo-1"}, "gonogo/generator:1", lambda body: body)
    assert str(order.size) == "1 core and 512 MiB"
    assert order.size.source == "gonogo's default of CPU and memory"
    assert (order.namespace, order.declared) == ("shop-gonogo-1", None)


@pytest.mark.parametrize(
    ("cpu", "memory", "source"),
    [
        (2.0, 1, "Pod shop/client"),
        (2.0, None, "Pod shop/client and gonogo's default of memory"),
        (None, 1, "Pod shop/client and gonogo's default of CPU"),
        (None, None, "gonogo's default of CPU and memory"),
    ],
)
def test_the_judgment_says_who_set_the_size(cpu: float | None, memory: int | None, source: str) -> None:
    """The manifests, gonogo's default, or each of them a part."""
    assert worker_size(cpu, memory, "shop/client").source == source

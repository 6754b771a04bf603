"""A whole stack, as a team would write it: a namespace, settings, a Secret, the service and the load generator."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.manifests.build import topology
from gonogo.manifests.check import check
from gonogo.manifests.findings import Severity
from gonogo.manifests.reader import read
from gonogo.manifests.topology import (
    ConfigMapVolume,
    EmptyDirVolume,
    EnvVar,
    Generator,
    HttpGet,
    Mount,
    Port,
    Probe,
    Resources,
    ServicePort,
    TcpSocket,
    Topology,
    Workload,
)

MIB = 1024**2
FOLDER = Path(__file__).parent / "data" / "load_test"


@pytest.fixture(scope="module")
def whole() -> Topology:
    """Return the topology of the folder."""
    return topology(read([FOLDER])).require()


@pytest.fixture
def iris(whole: Topology) -> Workload:
    """Return the Deployment."""
    [workload] = whole.workloads
    return workload


def test_nothing_is_wrong_with_it() -> None:
    """The checker has neither errors nor warnings; the one notice is about the file mode that is not set."""
    found = [(finding.rule, finding.severity, finding.source.line) for finding in check(read([FOLDER]))]
    assert found == [("field-not-used", Severity.NOTICE, 34)]


def test_the_deployment_is_a_workload(iris: Workload) -> None:
    """Replicas, labels, annotations and the grace period are the Pods' own."""
    assert str(iris) == "Deployment load-test/iris-svc"
    assert (iris.replicas, iris.grace_s, iris.restart_policy) == (3, 15.0, "Always")
    assert iris.labels == {"app": "iris-svc", "version": "svc"}
    assert iris.annotations == {"sidecar.istio.io/inject": "true"}
    assert iris.source.file == str(FOLDER / "20-iris.yaml")


def test_the_model_loader_has_its_words_expanded(iris: Workload) -> None:
    """References in arguments become values, escaped ones stay, and the command is as declared."""
    [loader] = iris.init_containers
    assert loader.command == ("python", "-m", "loader")
    assert loader.args == (
        "--from=https://store.example.com/models/iris_svc.onnx",
        "--to=/models/iris_svc.onnx",
        "--price=$(MODEL)",
    )
    assert loader.mounts == (Mount("models", "/models"),)


def test_secrets_reach_the_container_and_no_repr(iris: Workload, whole: Topology) -> None:
    """The loader gets the key of the store, and nothing that prints the topology shows it."""
    [loader] = iris.init_containers
    assert EnvVar("STORE_KEY", "hunter2", secret=True) in loader.env
    assert EnvVar("STORE_USER", "reader", secret=True) in loader.env
    assert "hunter2" not in repr(whole)


def test_variables_come_from_everywhere(iris: Workload) -> None:
    """EnvFrom with its prefix, literals, limits, labels, and what only the platform knows."""
    [container] = iris.containers
    assert container.env == (
        EnvVar("IRIS_LOG_LEVEL", "info"),
        EnvVar("IRIS_log.ini", "[loggers]\nkeys = root\n"),
        EnvVar("MODEL_FILEPATH", "/models/iris_svc.onnx"),
        EnvVar("WORKERS", "8"),
        EnvVar("PORT", "8000"),
        EnvVar("MEMORY_MIB", "300"),
        EnvVar("POD_IP", field_path="status.podIP"),
        EnvVar("VERSION", "svc"),
    )


def test_ports_resources_and_probes_are_typed(iris: Workload) -> None:
    """Cores, bytes and seconds, with Kubernetes' defaults for what is not written."""
    [container] = iris.containers
    assert container.ports == (Port(8000, "http"),)
    assert container.resources == Resources(0.5, 0.5, 300 * MIB, 300 * MIB)
    assert container.readiness == Probe(HttpGet("/health", "http", headers=(("X-Probe", "yes"),)), period_s=2.0)
    assert container.liveness == Probe(TcpSocket(8000), initial_delay_s=10.0)
    assert container.startup is None


def test_volumes_are_folders_and_files(iris: Workload) -> None:
    """An emptyDir has its limit in bytes; the items of a ConfigMap are files at their paths."""
    assert iris.volumes == (
        EmptyDirVolume("models", 64 * MIB),
        ConfigMapVolume("settings", {"logging/log.ini": b"[loggers]\nkeys = root\n"}),
    )


def test_the_service_selects_the_deployment(whole: Topology, iris: Workload) -> None:
    """A Service is found by its name, and knows who stands behind it."""
    service = whole.service("iris-svc")
    assert service.ports == (ServicePort(8000, "http", "http"),)
    assert whole.behind(service) == (iris,)


def test_the_client_pod_is_the_generator(whole: Topology) -> None:
    """Its request stands for the limit that it does not have, and its ConfigMap's files are at their paths."""
    [generator] = whole.generators
    assert isinstance(generator, Generator)
    assert (str(generator.name), generator.cpu, generator.memory) == ("client", 1.0, 1000 * MIB)
    assert sorted(generator.files) == ["/load/body.json", "/load/get", "/load/post"]
    assert generator.files["/load/body.json"] == b'{"data": [[5.1, 3.5, 1.4, 0.2]]}'


def test_namespaces_are_listed(whole: Topology) -> None:
    """A declared namespace is part of the topology."""
    assert whole.namespaces == ("load-test",)

"""From a topology to Pods and containers in Docker."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gonogo.errors import ManifestError
from gonogo.manifests.topology import (
    ConfigMapVolume,
    EmptyDirVolume,
    EnvVar,
    HttpGet,
    Mount,
    Port,
    Probe,
    Resources,
    Topology,
    Workload,
)
from gonogo.platforms.docker.keeper.container import creation
from gonogo.platforms.docker.place import Place, Sandbox
from gonogo.platforms.docker.plan import plan_pods, plan_stack
from gonogo.platforms.docker.spec import DockerContainerSpec, MountSpec
from gonogo.platforms.process.plan import StackPlan
from tests.contracts.topologies import container, deployment, service, topology

PLACE = Place("1-2", "/work", {"dev.gonogo.stack": "1-2"})
SANDBOX = Sandbox("pod-id", "172.20.0.2", {8000: 40_000}, {"data": ("volume-1", "/docker/volume-1")})


def plan(workload: Workload, place: Place = PLACE) -> StackPlan:
    """Plan a stack of one Pod."""
    return plan_stack(topology(workload), {"shop/web/0": SANDBOX}, place)


def spec(workload: Workload, place: Place = PLACE) -> DockerContainerSpec:
    """Return the only container of a stack of one Pod."""
    (planned,) = plan(workload, place).replicas[0].containers
    assert isinstance(planned, DockerContainerSpec)
    return planned


def created(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a container
    """Return what the daemon is asked for."""
    return creation(spec(deployment("web", container(**fields))))


def test_a_pod_is_called_and_published_as_its_services_say() -> None:
    """Declared container ports and the Services' target ports are reached from this machine."""
    web = deployment("web", container(ports=(Port(9000, "metrics"), Port(53, protocol="UDP"))), replicas=2)
    pods = plan_pods(topology(web, services=(service("web", 80, 8000),)))
    assert [(pod.name, pod.hostname, pod.ports) for pod in pods] == [
        ("shop/web/0", "web-0", (9000, 8000)),
        ("shop/web/1", "web-1", (9000, 8000)),
    ]
    assert "web.shop" in pods[0].aliases


def test_a_command_replaces_the_entry_point_and_args_the_words_behind_it() -> None:
    """As Kubernetes defines them for images."""
    both = created(command=("serve",), args=("--fast",))
    neither = created()
    assert (both["entrypoint"], both["command"]) == (["serve"], ["--fast"])
    assert (neither["entrypoint"], neither["command"]) == (None, None)


def test_limits_become_the_kernels() -> None:
    """A CPU limit is a quota, so that it may be above this machine's CPUs; memory has no swap beside it."""
    asked = created(resources=Resources(cpu_limit=2.5, memory_limit=1 << 28))
    assert (asked["cpu_quota"], asked["cpu_period"]) == (250_000, 100_000)
    assert asked["mem_limit"] == asked["memswap_limit"] == 1 << 28
    assert not {"cpu_quota", "mem_limit"} & created().keys()


def test_an_image_that_can_has_no_writable_root() -> None:
    """Only an image that says so, and /tmp stays writable."""
    careful = creation(spec(deployment("web"), replace(PLACE, read_only=frozenset({"echo:1"}))))
    assert (careful["read_only"], list(careful["tmpfs"])) == (True, ["/tmp"])  # noqa: S108 - in the container
    assert "read_only" not in created()


def test_variables_are_the_manifests_alone() -> None:
    """In their order, with what only the platform knows filled in."""
    told = created(env=(EnvVar("A", "1"), EnvVar("IP", field_path="status.podIP"), EnvVar("B", "web:80")))
    assert told["environment"] == {"A": "1", "IP": "172.20.0.2", "B": "web:80"}


def test_volumes_are_mounted_where_the_manifest_says() -> None:
    """An emptyDir is a volume, a folder of it is bound, files of ConfigMaps are bound and read-only."""
    mounts = (Mount("data", "/data"), Mount("data", "/part", sub_path="a"), Mount("conf", "/conf", sub_path="x.yaml"))
    volumes = (EmptyDirVolume("data"), ConfigMapVolume("conf", {"x.yaml": b"1"}))
    planned = plan(deployment("web", container(mounts=mounts), volumes=volumes))
    (first,) = planned.replicas[0].containers
    assert isinstance(first, DockerContainerSpec)
    assert first.mounts == (
        MountSpec("/data", "volume-1", "volume"),
        MountSpec("/part", "/docker/volume-1/a", "bind"),
        MountSpec("/conf", "/work/volumes/shop_web/conf/x.yaml", "bind", read_only=True),
    )
    assert [(file.path, file.content) for file in planned.files] == [("/work/volumes/shop_web/conf/x.yaml", b"1")]


@pytest.mark.parametrize("path", ["../up", "/etc/passwd", "a/../../b"])
def test_no_path_leaves_its_volume(path: str) -> None:
    """A file of a ConfigMap is written below its folder and nowhere else."""
    web = deployment(
        "web", container(mounts=(Mount("conf", "/conf"),)), volumes=(ConfigMapVolume("conf", {path: b""}),)
    )
    with pytest.raises(ManifestError, match="leaves its volume"):
        plan_pods(topology(web))


def test_a_mount_without_a_volume_is_told() -> None:
    """With what the Pod declares."""
    with pytest.raises(ManifestError, match=r"no volume 'gone'.*the Pod declares: none"):
        plan_pods(topology(deployment("web", container(mounts=(Mount("gone", "/x"),)))))


def test_a_probe_finds_its_port_by_name() -> None:
    """Names of ports are resolved before anything runs."""
    probed = spec(deployment("web", container(ports=(Port(8000, "http"),), readiness=Probe(HttpGet("/", "http")))))
    assert probed.readiness is not None
    assert isinstance(probed.readiness.action, HttpGet)
    assert probed.readiness.action.port == 8000


def test_secrets_do_not_show() -> None:
    """Neither a variable's nor a file's."""
    web = deployment(
        "web",
        container(env=(EnvVar("TOKEN", "hush-hush", secret=True),), mounts=(Mount("key", "/key"),)),
        volumes=(ConfigMapVolume("key", {"key": b"open-sesame"}, secret=True),),
    )
    assert plan(web).redact("hush-hush open-sesame plain") == "*** *** plain"


def test_a_grace_time_is_capped() -> None:
    """By the setting stop_timeout."""
    capped = plan(deployment("web", grace_s=30), replace(PLACE, grace_cap_s=2)).replicas[0]
    assert capped.grace_s == 2


def test_an_empty_topology_is_an_empty_plan() -> None:
    """Nothing declared, nothing made."""
    assert plan_pods(Topology()) == ()
    assert plan_stack(Topology(), {}, PLACE).replicas == ()

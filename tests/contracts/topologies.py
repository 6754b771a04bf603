"""Small topologies for tests of platforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from fixtures.patience import PATIENCE_S
from gonogo.manifests.findings import Source
from gonogo.manifests.topology import (
    Container,
    EnvVar,
    HttpGet,
    Mount,
    Port,
    Probe,
    Resources,
    Service,
    ServicePort,
    Topology,
    Volume,
    Workload,
)

__all__ = ["HEALTH", "NO_LIMITS", "SOURCE", "container", "deployment", "service", "topology"]

SOURCE = Source("stack.yaml", 1)
HEALTH = Probe(HttpGet("/health", "http"), timeout_s=PATIENCE_S)
NO_LIMITS = Resources()


def container(  # noqa: PLR0913 - as many as a container has fields that tests set
    image: str = "echo:1",
    name: str = "main",
    *,
    command: tuple[str, ...] | None = None,
    args: tuple[str, ...] = (),
    env: Mapping[str, str] | tuple[EnvVar, ...] = (),
    ports: tuple[Port, ...] = (),
    resources: Resources = NO_LIMITS,
    mounts: tuple[Mount, ...] = (),
    readiness: Probe | None = None,
    liveness: Probe | None = None,
    startup: Probe | None = None,
    working_dir: str = "",
) -> Container:
    """Return a container."""
    variables = tuple(EnvVar(key, value) for key, value in env.items()) if isinstance(env, Mapping) else env
    return Container(
        name=name,
        image=image,
        command=command,
        args=args,
        env=variables,
        working_dir=working_dir,
        ports=ports,
        resources=resources,
        mounts=mounts,
        readiness=readiness,
        liveness=liveness,
        startup=startup,
    )


def deployment(
    name: str = "web",
    *containers: Container,
    namespace: str = "shop",
    replicas: int = 1,
    init_containers: tuple[Container, ...] = (),
    volumes: tuple[Volume, ...] = (),
    grace_s: float = 5.0,
    restart_policy: Literal["Always", "OnFailure", "Never"] = "Always",
    kind: Literal["Deployment", "Pod"] = "Deployment",
    labels: Mapping[str, str] | None = None,
) -> Workload:
    """Return a workload labelled ``app: <name>``; without containers, one that answers HTTP on port 8000."""
    return Workload(
        kind=kind,
        namespace=namespace,
        name=name,
        replicas=replicas,
        containers=containers or (container(ports=(Port(8000, "http"),), readiness=HEALTH),),
        source=SOURCE,
        init_containers=init_containers,
        volumes=volumes,
        labels=labels or {"app": name},
        grace_s=grace_s,
        restart_policy=restart_policy,
    )


def service(
    name: str = "web", port: int = 8000, target_port: int | str = 8000, *, namespace: str = "shop", app: str = ""
) -> Service:
    """Return a Service in front of the workload ``app`` (of its own name by default)."""
    return Service(namespace, name, (ServicePort(port, target_port, "http"),), {"app": app or name}, SOURCE)


def topology(*workloads: Workload, services: tuple[Service, ...] = ()) -> Topology:
    """Return a topology; without Services, every workload gets one of its name on port 8000."""
    made = services or tuple(service(each.name, namespace=each.namespace) for each in workloads)
    return Topology(workloads=workloads, services=made)

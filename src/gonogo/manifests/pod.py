"""A Pod's specification: its containers and volumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gonogo.manifests.environment import Scope, environment, words
from gonogo.manifests.findings import Severity
from gonogo.manifests.fit import FIELD_VALUE
from gonogo.manifests.probe import probe
from gonogo.manifests.resources import resources
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.shape import Fields
from gonogo.manifests.store import Stores
from gonogo.manifests.topology import Container, Port, Volume
from gonogo.manifests.volume import mounts, volumes

__all__ = ["RULES", "PodReading", "pod"]

SIDECAR_UNSUPPORTED: Final = Rule("sidecar-unsupported", Severity.ERROR, "an init container is a sidecar")
NAME_TWICE: Final = Rule("name-twice", Severity.ERROR, "two containers, volumes or ports of a Pod have the same name")
RULES: Final = (SIDECAR_UNSUPPORTED, NAME_TWICE)

_PROBES: Final = ("readinessProbe", "livenessProbe", "startupProbe", "lifecycle")


@dataclass(frozen=True, slots=True)
class PodReading:
    """What is read of a Pod's specification."""

    containers: tuple[Container, ...]
    init_containers: tuple[Container, ...]
    volumes: tuple[Volume, ...]


def pod(
    spec: Fields,
    place: Place,
    *,
    namespace: str,
    stores: Stores,
    pod_name: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
) -> PodReading:
    """Return the containers and volumes of ``spec``; report what cannot be read or run."""
    main, init = spec.get("containers", ()), spec.get("initContainers", ())
    if not main and "containers" in spec:
        (place / "containers").report(FIELD_VALUE, "a Pod needs a container: Kubernetes refuses it", "declare one")
    limits = {}
    for group, entries in (("initContainers", init), ("containers", main)):
        for i, fields in enumerate(entries):
            here = place / group / i / "resources"
            limits[fields.get("name", "")] = resources(fields.get("resources", {}), here)
    scope = Scope(
        stores=stores,
        namespace=namespace,
        pod_name=pod_name,
        labels=labels,
        annotations=annotations,
        service_account=spec.get("serviceAccountName") or spec.get("serviceAccount") or "default",
        resources=limits,
    )
    declared = spec.get("volumes", ())
    _distinct(declared, place / "volumes", set())
    names: set[str] = set()
    _distinct(init, place / "initContainers", names)
    _distinct(main, place / "containers", names)
    mounted = {mount.get("name", "") for fields in (*init, *main) for mount in fields.get("volumeMounts", ())}
    return PodReading(
        containers=tuple(_container(f, place / "containers" / i, declared, scope) for i, f in enumerate(main)),
        init_containers=tuple(_init(f, place / "initContainers" / i, declared, scope) for i, f in enumerate(init)),
        volumes=volumes(declared, mounted, place / "volumes", namespace, stores),
    )


def _container(fields: Fields, place: Place, declared: tuple[Fields, ...], scope: Scope) -> Container:
    env = environment(fields, place, scope)
    ports = fields.get("ports", ())
    _distinct(ports, place / "ports", set())
    command = words(fields.get("command", ()), place / "command", env)
    return Container(
        name=fields.get("name", ""),
        image=fields.get("image", ""),
        command=command or None,
        args=words(fields.get("args", ()), place / "args", env),
        env=env,
        working_dir=fields.get("workingDir", ""),
        ports=tuple(
            Port(port["containerPort"], port.get("name", ""), port.get("protocol", "TCP"))
            for port in ports
            if "containerPort" in port
        ),
        resources=scope.resources[fields.get("name", "")],
        mounts=mounts(fields, declared, place),
        readiness=probe(fields, "readinessProbe", place),
        liveness=probe(fields, "livenessProbe", place),
        startup=probe(fields, "startupProbe", place),
    )


def _init(fields: Fields, place: Place, declared: tuple[Fields, ...], scope: Scope) -> Container:
    sidecar = fields.get("restartPolicy") == "Always"
    if sidecar:
        (place / "restartPolicy").report(
            SIDECAR_UNSUPPORTED,
            "gonogo waits for every init container to end, and this one never does",
            "declare it under containers",
        )
    for name in () if sidecar else _PROBES:
        if name in fields:
            (place / name).report(
                FIELD_VALUE, f"an init container has no {name}: Kubernetes refuses the object", f"remove {name}"
            )
    return _container(fields, place, declared, scope)


def _distinct(entries: tuple[Fields, ...], place: Place, seen: set[str]) -> None:
    for i, fields in enumerate(entries):
        name = fields.get("name", "")
        if name and name in seen:
            (place / i / "name").report(NAME_TWICE, f"{name!r} is taken: Kubernetes refuses the object", "rename it")
        seen.add(name)

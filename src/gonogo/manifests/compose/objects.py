"""A docker-compose file as Kubernetes objects: a Deployment or a Pod for each service, and a Service for its names.

A service that others wait for until it has ended well (``service_completed_successfully``) becomes an init container of
each of them, and the volumes that it shares with them are theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gonogo.manifests import notes
from gonogo.manifests.compose.file import Composed, ComposeFile
from gonogo.manifests.compose.form import mapping
from gonogo.manifests.compose.keys import ONE_NETWORK, TOP_KEYS, sift
from gonogo.manifests.compose.rules import (
    COMPOSE_KEY_UNSUPPORTED,
    COMPOSE_PORTLESS,
    COMPOSE_PROFILE,
    COMPOSE_VALUE,
    COMPOSE_VARIABLE_TAKEN,
    COMPOSE_VARIABLE_UNSET,
)
from gonogo.manifests.compose.service import ReadService, read_service
from gonogo.manifests.compose.volumes import MountedVolume
from gonogo.manifests.document import Path
from gonogo.manifests.findings import Finding
from gonogo.manifests.rule import Place
from gonogo.manifests.shape import Fields

__all__ = ["compose_objects"]

_ROLE: Final = "gonogo.dev/role"
_ALIAS: Final = "compose.alias"
_ENDED: Final = "service_completed_successfully"


def compose_objects(file: ComposeFile, findings: list[Finding]) -> tuple[tuple[Place, Fields], ...]:
    """Return the objects that ``file`` stands for, each with its place; report to ``findings`` what is not read."""
    root = Place(file, findings)
    _variables(file, root)
    top = sift(file.body, TOP_KEYS, root)
    if isinstance(networks := top.get("networks"), dict) and len(networks) > 1:
        (root / "networks").report(ONE_NETWORK.rule, ONE_NETWORK.consequence, ONE_NETWORK.mend)
    declared = mapping(top["services"], root / "services")
    read = {name: read_service(name, given, file, root / "services" / name) for name, given in declared.items()}
    ending = {name for service in read.values() for name, how in service.depends_on.items() if how == _ENDED}
    running: list[ReadService] = []
    for name, service in read.items():
        if service.profiles:
            (root / "services" / name / "profiles").report(
                COMPOSE_PROFILE, "the service is not started", "remove profiles where it is a part of what is judged"
            )
        elif name not in ending:
            running.append(service)
    _volumes(running, read, root)
    found = [_object(file, findings, _head("v1", "Namespace", file.project, ""), {(): ()})]
    names = _names(running)
    for service in running:
        before = _before(service, read)
        found += _stores(file, findings, service, before)
        found.append(_workload(file, findings, service, before, names))
    for name, members in names.items():
        found += _service(file, findings, name, members)
    return tuple(found)


def _variables(file: ComposeFile, root: Place) -> None:
    for path, (what, mend) in file.faults.items():
        Place(file, root.findings, path).report(COMPOSE_VALUE, f"{what}: docker compose refuses the file", mend)
    for path, names in file.unset.items():
        Place(file, root.findings, path).report(
            COMPOSE_VARIABLE_UNSET,
            f"{', '.join(sorted(names))} is not set: nothing stands in its place",
            "write a default, ${NAME:-default}, or set it in .env",
        )
    for path, names in file.taken.items():
        Place(file, root.findings, path).report(
            COMPOSE_VARIABLE_TAKEN,
            f"the value of {', '.join(sorted(names))} is that of the caller: elsewhere it may be another",
            "put what the release depends on into .env",
        )


def _before(service: ReadService, read: Mapping[str, ReadService]) -> list[ReadService]:
    """Return the services that run to their end before ``service``, those that they wait for first."""
    ordered: dict[str, ReadService] = {}

    def visit(one: ReadService, on_the_way: frozenset[str]) -> None:
        for name, how in one.depends_on.items():
            if how == _ENDED and name not in on_the_way and name not in ordered:
                visit(read[name], on_the_way | {name})
                ordered[name] = read[name]

    visit(service, frozenset({service.name}))
    return list(ordered.values())


def _volumes(running: Sequence[ReadService], read: Mapping[str, ReadService], root: Place) -> None:
    users: dict[str, list[MountedVolume]] = {}
    filled = {volume.shared for service in running for before in _before(service, read) for volume in before.volumes}
    for service in running:
        for volume in service.volumes:
            if volume.shared:
                users.setdefault(volume.shared, []).append(volume)
    for name, mounted in users.items():
        place = Place(root.document, root.findings, mounted[0].path)
        if len(mounted) > 1 and not (name in filled and all(volume.read_only for volume in mounted)):
            place.report(
                COMPOSE_KEY_UNSUPPORTED,
                f"the volume {name} is shared by {len(mounted)} services: each would have a folder of its own",
                "fill it by a service that ends before them and mount it :ro, or exchange files in another way",
            )
        elif name not in filled:
            place.report(
                notes.FIELD_NOT_USED,
                f"the volume {name} is empty at every start and gone at the end",
                "nothing to do here; test with docker what has to outlive the container",
            )


def _workload(
    file: ComposeFile,
    findings: list[Finding],
    service: ReadService,
    before: Sequence[ReadService],
    names: Mapping[str, Sequence[ReadService]],
) -> tuple[Place, Fields]:
    generator = service.annotations.get(_ROLE) == "generator"
    pod = generator or (service.restart != "Always" and service.replicas == 1)
    here = ("services", service.name)
    if not pod and service.restart != "Always":
        Place(file, findings, (*here, "restart")).report(
            notes.FIELD_NOT_HONOURED,
            "replicas that end are started again, as a Deployment's are",
            "write restart: always, or run one replica",
        )
    labels = {**service.labels, "app": service.name}
    for name, members in names.items():
        if service in members:
            labels |= {key: value for key, value in _selector(name, members).items() if key != "app"}
    containers: dict[str, Any] = {
        "containers": (service.container,),
        "initContainers": tuple(one.container for one in before),
        "volumes": tuple(_pod_volumes(service, before)),
        "terminationGracePeriodSeconds": service.grace_s,
        "restartPolicy": service.restart if pod else "Always",
    }
    metadata = {"labels": labels, "annotations": dict(service.annotations)}
    head = _head("v1" if pod else "apps/v1", "Pod" if pod else "Deployment", service.name, file.project)
    spec: Path = ("spec",) if pod else ("spec", "template", "spec")
    if pod:
        head["metadata"] |= metadata
        head["spec"] = containers
    else:
        head["spec"] = {
            "replicas": service.replicas,
            "selector": {"matchLabels": {"app": service.name}},
            "template": {"metadata": metadata, "spec": containers},
        }
    origins: dict[Path, Path] = {(): here, ("spec", "replicas"): (*here, "deploy", "replicas")}
    for group, services in (("containers", (service,)), ("initContainers", tuple(before))):
        for i, one in enumerate(services):
            origins |= {(*spec, group, i, *path): found for path, found in one.origins.items()}
    return _object(file, findings, head, origins)


def _pod_volumes(service: ReadService, before: Sequence[ReadService]) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for volume in (volume for one in (*before, service) for volume in one.volumes):
        if volume.name in seen:
            continue
        seen.add(volume.name)
        if volume.stored is None:
            yield {"name": volume.name, "emptyDir": {}}
        else:
            secret = volume.stored.secret
            kind, key = ("secret", "secretName") if secret else ("configMap", "name")
            yield {
                "name": volume.name,
                kind: {key: _store_name(service, volume), "items": volume.stored.items()},
            }


def _stores(
    file: ComposeFile, findings: list[Finding], service: ReadService, before: Sequence[ReadService]
) -> Iterator[Any]:
    for volume in {volume.name: volume for one in (*before, service) for volume in one.volumes}.values():
        if volume.stored is not None:
            kind = "Secret" if volume.stored.secret else "ConfigMap"
            head = _head("v1", kind, _store_name(service, volume), file.project) | volume.stored.data()
            yield _object(file, findings, head, {(): volume.path})


def _store_name(service: ReadService, volume: MountedVolume) -> str:
    return f"{service.name}-{volume.name}"


def _names(running: Sequence[ReadService]) -> dict[str, list[ReadService]]:
    """Return who answers to each name: a service to its own and its aliases, in turn where several have the same."""
    found: dict[str, list[ReadService]] = {}
    for service in running:
        for name in (service.name, *service.aliases):
            found.setdefault(name, []).append(service)
    return found


def _selector(name: str, members: Sequence[ReadService]) -> dict[str, str]:
    return {"app": members[0].name} if len(members) == 1 else {f"{_ALIAS}/{name}": "1"}


def _service(file: ComposeFile, findings: list[Finding], name: str, members: Sequence[ReadService]) -> Iterator[Any]:
    listened = {(port.number, port.protocol): port for member in members for port in member.ports}.values()
    here = ("services", members[0].name)
    if not listened:
        Place(file, findings, here).report(
            COMPOSE_PORTLESS,
            f"nobody reaches it as {name}: gonogo does not look into images for their ports",
            "name what it listens on under expose:, where it is called",
        )
        return
    several = len(listened) > 1
    ports = tuple(
        {"port": port.number, "protocol": port.protocol, **({"name": f"port-{port.number}"} if several else {})}
        for port in listened
    )
    origins: dict[Path, Path] = {(): here} | {("spec", "ports", i): port.path for i, port in enumerate(listened)}
    spec = {"ports": ports, "selector": _selector(name, members)}
    yield _object(file, findings, _head("v1", "Service", name, file.project) | {"spec": spec}, origins)


def _head(api_version: str, kind: str, name: str, namespace: str) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _object(
    file: ComposeFile, findings: list[Finding], body: dict[str, Any], origins: Mapping[Path, Path]
) -> tuple[Place, Fields]:
    return Place(Composed.of(file, body, origins), findings), body

"""One service of a docker-compose file, as a container with what stands around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from gonogo.manifests import notes
from gonogo.manifests.compose.environment import environment
from gonogo.manifests.compose.file import ComposeFile
from gonogo.manifests.compose.form import bad, command, cores, duration_s, mapping, number, pairs, scalar, size, texts
from gonogo.manifests.compose.health import readiness
from gonogo.manifests.compose.keys import DEPLOY_KEYS, SERVICE_KEYS, sift
from gonogo.manifests.compose.port import ComposePort, ports
from gonogo.manifests.compose.volumes import MountedVolume, volumes
from gonogo.manifests.document import Path
from gonogo.manifests.names import label_key, label_value
from gonogo.manifests.rule import Place

__all__ = ["Conditions", "ReadService", "read_service"]

Conditions = Mapping[str, str]
"""Services that another one depends on, and how."""

_GRACE_S: Final = 10.0
_RESTARTS: Final = {
    "no": "Never",
    "none": "Never",
    "always": "Always",
    "any": "Always",
    "unless-stopped": "Always",
    "on-failure": "OnFailure",
}
_CONDITIONS: Final = ("service_started", "service_healthy", "service_completed_successfully")


@dataclass(frozen=True, slots=True)
class ReadService:
    """What is read of a service.

    Attributes:
        container: the fields of its container as Kubernetes has them.
        origins: where in the file each of them comes from.
        labels: of its Pods, as far as Kubernetes takes them; ``annotations`` has all of them.
        aliases: names that others may call it by, beside its own.
    """

    name: str
    container: Mapping[str, Any] = field(repr=False)
    origins: Mapping[Path, Path] = field(repr=False)
    ports: tuple[ComposePort, ...]
    volumes: tuple[MountedVolume, ...]
    replicas: int
    restart: Literal["Always", "OnFailure", "Never"]
    grace_s: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    aliases: tuple[str, ...]
    depends_on: Conditions
    profiles: bool


def read_service(name: str, given: object, file: ComposeFile, place: Place) -> ReadService:
    """Return what the service ``name`` declares; report to ``place`` what cannot be read or run."""
    service = sift(mapping(given, place), SERVICE_KEYS, place)
    deploy_place = place / "deploy"
    deploy = sift(mapping(service.get("deploy"), deploy_place), DEPLOY_KEYS, deploy_place)
    mounted = volumes(service, file, place)
    listened = ports(service, place)
    container, origins = _container(name, service, file, place, listened, mounted)
    resources, resource_origins = _resources(service, deploy, place)
    if resources:
        container["resources"] = resources
        origins |= resource_origins
    marks = _marks(service, place)
    return ReadService(
        name=name,
        container=container,
        origins=origins,
        ports=listened,
        volumes=mounted,
        replicas=_replicas(service, deploy, place),
        restart=_restart(service, deploy, place),
        grace_s=_grace_s(service, place),
        labels={key: value for key, value in marks.items() if not (label_key(key) or label_value(value))},
        annotations=marks,
        aliases=_aliases(name, service, place),
        depends_on=_depends_on(service, file, place),
        profiles=bool(service.get("profiles")),
    )


def _container(
    name: str,
    service: Mapping[str, object],
    file: ComposeFile,
    place: Place,
    listened: tuple[ComposePort, ...],
    mounted: tuple[MountedVolume, ...],
) -> tuple[dict[str, Any], dict[Path, Path]]:
    here = place.path
    variables = environment(service, file, place)
    container: dict[str, Any] = {
        "name": name,
        "image": _image(name, service, file, place),
        "env": tuple({"name": key, "value": _literal(value)} for key, (value, _) in variables.items()),
        "ports": tuple({"containerPort": port.number, "protocol": port.protocol} for port in listened),
        "volumeMounts": tuple(_mount(volume) for volume in mounted),
    }
    origins: dict[Path, Path] = {(): here, ("image",): (*here, "image" if "image" in service else "build")}
    origins |= {("env", i): path for i, (_, path) in enumerate(variables.values())}
    origins |= {("ports", i): port.path for i, port in enumerate(listened)}
    origins |= {("volumeMounts", i): volume.path for i, volume in enumerate(mounted)}
    for key, target in (("entrypoint", "command"), ("command", "args")):
        if key in service:
            container[target] = tuple(map(_literal, command(service[key], place / key)))
            origins[(target,)] = (*here, key)
    if "working_dir" in service:
        container["workingDir"] = scalar(service["working_dir"], place / "working_dir") or ""
    probe = readiness(service["healthcheck"], place / "healthcheck") if "healthcheck" in service else None
    if probe is not None:
        if "exec" in probe:
            probe["exec"] = {"command": tuple(map(str, probe["exec"]["command"]))}
        container["readinessProbe"] = probe
        origins[("readinessProbe",)] = (*here, "healthcheck")
    return container, origins


def _image(name: str, service: Mapping[str, object], file: ComposeFile, place: Place) -> str:
    if isinstance(service.get("image"), str) and service["image"]:
        return str(service["image"])
    if "build" in service and "image" not in service:
        return f"{file.project}-{name}"  # what docker compose calls what it builds
    bad(place / "image", service.get("image"), "an image", "write image: NAME:TAG")
    return ""


def _literal(text: str) -> str:
    """Return ``text`` so that Kubernetes' ``$(NAME)``, which Compose does not have, stays as it is."""
    return text.replace("$", "$$")


def _mount(volume: MountedVolume) -> dict[str, Any]:
    mount: dict[str, Any] = {"name": volume.name, "mountPath": volume.target, "readOnly": volume.read_only}
    if volume.single and volume.stored:
        mount["subPath"] = next(iter(volume.stored.files))
    return mount


def _resources(
    service: Mapping[str, object], deploy: Mapping[str, object], place: Place
) -> tuple[dict[str, Any], dict[Path, Path]]:
    declared = mapping(deploy.get("resources"), place / "deploy" / "resources")
    found: dict[str, dict[str, str]] = {}
    origins: dict[Path, Path] = {("resources",): (*place.path, "deploy", "resources")}

    def put(side: str, name: str, value: object, where: Place) -> None:
        amount = cores(value, where) if name == "cpu" else size(value, where)
        if amount is not None:
            found.setdefault(side, {})[name] = str(amount)
            origins["resources", side, name] = where.path

    for key, side, name in (
        ("cpus", "limits", "cpu"),
        ("mem_limit", "limits", "memory"),
        ("mem_reservation", "requests", "memory"),
    ):
        if key in service:
            put(side, name, service[key], place / key)
    for key, side in (("limits", "limits"), ("reservations", "requests")):
        here = place / "deploy" / "resources" / key
        for name, value in mapping(declared.get(key), here).items():
            if name in ("cpus", "memory"):
                put(side, "cpu" if name == "cpus" else "memory", value, here / name)
            else:
                note = SERVICE_KEYS["pids_limit"] if name == "pids" else notes.DEVICES
                assert note is not None  # noqa: S101 - the table has a note for it
                (here / name).report(note.rule, note.consequence, note.mend)
    return found, origins


def _replicas(service: Mapping[str, object], deploy: Mapping[str, object], place: Place) -> int:
    value, here = service.get("scale"), place / "scale"
    if "replicas" in deploy:
        value, here = deploy["replicas"], place / "deploy" / "replicas"
    count = None if value is None else number(value, here)
    return 1 if count is None else count


def _restart(
    service: Mapping[str, object], deploy: Mapping[str, object], place: Place
) -> Literal["Always", "OnFailure", "Never"]:
    policy = mapping(deploy.get("restart_policy"), place / "deploy" / "restart_policy")
    value, here = service.get("restart", "no"), place / "restart"
    if policy:
        value, here = policy.get("condition", "any"), place / "deploy" / "restart_policy" / "condition"
    word = "no" if value is False else str(value).partition(":")[0]
    if word not in _RESTARTS:
        bad(here, value, "a restart policy", "write no, always, on-failure or unless-stopped")
    match _RESTARTS.get(word):
        case "Always":
            return "Always"
        case "OnFailure":
            return "OnFailure"
    return "Never"


def _grace_s(service: Mapping[str, object], place: Place) -> float:
    if "stop_grace_period" not in service:
        return _GRACE_S
    found = duration_s(service["stop_grace_period"], place / "stop_grace_period")
    return _GRACE_S if found is None else found


def _marks(service: Mapping[str, object], place: Place) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in ("labels", "annotations"):
        if key in service:
            found |= {name: value or "" for name, value in pairs(service[key], place / key).items()}
    return found


def _aliases(name: str, service: Mapping[str, object], place: Place) -> tuple[str, ...]:
    found = [str(service["container_name"])] if "container_name" in service else []
    networks = service.get("networks")
    for network, entry in networks.items() if isinstance(networks, dict) else ():
        here = place / "networks" / network
        for key, value in mapping(entry, here).items():
            if key == "aliases":
                found += texts(value, here / key)
            else:
                note = notes.CLUSTER_ADDRESS
                (here / key).report(note.rule, "the network has no such setting here", note.mend)
    return tuple(alias for alias in dict.fromkeys(found) if alias != name)


def _depends_on(service: Mapping[str, object], file: ComposeFile, place: Place) -> dict[str, str]:
    here = place / "depends_on"
    declared = service.get("depends_on")
    named: dict[str, object] = {}
    if isinstance(declared, list):
        named = {name: {} for name in texts(declared, here)}
    elif declared is not None:
        named = dict(mapping(declared, here))
    services = file.body.get("services")
    found: dict[str, str] = {}
    for i, (name, entry) in enumerate(named.items()):
        at = here / (i if isinstance(declared, list) else name)
        condition = mapping(entry, at).get("condition", "service_started")
        if not isinstance(services, dict) or name not in services:
            bad(at, name, "a service of the file", "name a service")
        elif condition not in _CONDITIONS:
            bad(at / "condition", condition, "a condition", f"write one of {', '.join(_CONDITIONS)}")
        else:
            found[name] = str(condition)
            _remark(name, str(condition), at)
    return found


def _remark(name: str, condition: str, place: Place) -> None:
    if condition == "service_started":
        place.report(
            notes.FIELD_NOT_USED, f"{name} is not started first: all services start at once", "nothing to do here"
        )
    elif condition == "service_healthy":
        place.report(
            notes.FIELD_NOT_HONOURED,
            f"nothing waits until {name} is healthy: all services start at once, as on a cluster",
            f"let the program wait for {name} itself, or end and be started again",
        )

"""Volumes of a Pod, and where its containers mount them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Final

from gonogo.manifests.findings import Severity
from gonogo.manifests.fit import FIELD_VALUE, closest
from gonogo.manifests.quantity import parse_memory
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.schema_pod import READABLE_VOLUMES
from gonogo.manifests.shape import Fields
from gonogo.manifests.store import Stores, missing_key
from gonogo.manifests.topology import ConfigMapVolume, EmptyDirVolume, Mount, Volume

__all__ = ["RULES", "mounts", "volumes"]

VOLUME_UNSUPPORTED: Final = Rule(
    "volume-unsupported", Severity.ERROR, "a container mounts a volume that gonogo cannot make"
)
VOLUME_UNUSED: Final = Rule("volume-unused", Severity.NOTICE, "a volume that gonogo cannot make is mounted by nobody")
MOUNT_UNKNOWN: Final = Rule("mount-unknown", Severity.ERROR, "a container mounts a volume that the Pod does not have")
MOUNT_PATH: Final = Rule("mount-path", Severity.ERROR, "a path in a mount or a volume cannot be used")
RULES: Final = (VOLUME_UNSUPPORTED, VOLUME_UNUSED, MOUNT_UNKNOWN, MOUNT_PATH)


def volumes(
    declared: tuple[Fields, ...], mounted: Collection[str], place: Place, namespace: str, stores: Stores
) -> tuple[Volume, ...]:
    """Return the volumes that can be made; report the others, as errors when their name is in ``mounted``."""
    found: list[Volume] = []
    for i, fields in enumerate(declared):
        volume = _volume(fields, mounted, place / i, namespace, stores)
        if volume is not None:
            found.append(volume)
    return tuple(found)


def mounts(container: Fields, declared: tuple[Fields, ...], place: Place) -> tuple[Mount, ...]:
    """Return the mounts of ``container``; report those that Kubernetes refuses."""
    names = [fields.get("name", "") for fields in declared]
    found: dict[str, Mount] = {}
    for i, fields in enumerate(container.get("volumeMounts", ())):
        here = place / "volumeMounts" / i
        name, path, sub_path = fields.get("name", ""), fields.get("mountPath", ""), fields.get("subPath", "")
        if not name or not path:
            continue  # the fit has reported it
        if name not in names:
            near = closest(name, names)
            (here / "name").report(
                MOUNT_UNKNOWN,
                f"the Pod has no volume {name!r}: Kubernetes refuses the object",
                f"did you mean {near}?" if near else f"declare a volume {name} or mount one of: {', '.join(names)}",
            )
        elif fault := _path_fault(path, sub_path, fields, found):
            here.report(MOUNT_PATH, *fault)
        else:
            found[path] = Mount(name, path, sub_path, fields.get("readOnly", False))
    return tuple(found.values())


def _path_fault(path: str, sub_path: str, fields: Fields, taken: Mapping[str, Mount]) -> tuple[str, str] | None:
    if not path.startswith("/") or ":" in path or ".." in PurePosixPath(path).parts:
        return f"{path!r} is no absolute path: the container does not start", "write a path that begins with /"
    if path in taken:
        return f"{path} is mounted twice: Kubernetes refuses the object", "mount each volume at a path of its own"
    if sub_path and not _relative(sub_path):
        return f"{sub_path!r} leaves the volume: Kubernetes refuses the object", "write a path inside the volume"
    if fields.get("subPathExpr"):
        return "subPathExpr is not read: the container would see the wrong files", "use subPath"
    return None


def _volume(fields: Fields, mounted: Collection[str], place: Place, namespace: str, stores: Stores) -> Volume | None:
    name = fields.get("name", "")
    sources = [key for key in fields if key != "name"]
    if not name:
        return None  # the fit has reported it
    if len(sources) > 1:
        place.report(FIELD_VALUE, f"the volume has {len(sources)} sources: Kubernetes refuses the object", "keep one")
        return None
    # Kubernetes makes a volume without a source an emptyDir.
    source = sources[0] if sources else "emptyDir"
    if source not in READABLE_VOLUMES:
        _unsupported(name, source, place / source, used=name in mounted)
        return None
    content = fields.get(source, {})
    if source == "emptyDir":
        size = content.get("sizeLimit")
        return EmptyDirVolume(name, None if size is None else parse_memory(size))
    secret = source == "secret"
    return ConfigMapVolume(name, _files(content, place / source, namespace, stores, secret=secret), secret=secret)


def _unsupported(name: str, source: str, place: Place, *, used: bool) -> None:
    if used:
        place.report(
            VOLUME_UNSUPPORTED,
            f"gonogo makes no {source} volume: the containers that mount {name} would miss its files",
            "use emptyDir, configMap or secret for the judgment, or judge this Pod on a cluster",
        )
    else:
        place.report(VOLUME_UNUSED, f"gonogo makes no {source} volume; no container mounts {name}", "remove it")


def _files(source: Fields, place: Place, namespace: str, stores: Stores, *, secret: bool) -> dict[str, bytes]:
    field = "secretName" if secret else "name"
    store = stores.find("Secret" if secret else "ConfigMap", namespace, source, source.get(field, ""), place / field)
    if store is None:
        return {}
    if not source.get("items"):
        return dict(store.files)
    files = {}
    for i, item in enumerate(source["items"]):
        key, path, here = item.get("key", ""), item.get("path", ""), place / "items" / i
        if not key or not path:
            continue  # the fit has reported it
        if not _relative(path):
            (here / "path").report(
                MOUNT_PATH, f"{path!r} leaves the volume: Kubernetes refuses the object", "write a path inside it"
            )
        elif key in store.files:
            files[path] = store.files[key]
        elif not source.get("optional", False):
            missing_key(store, key, here / "key")
    return files


def _relative(path: str) -> bool:
    return not path.startswith("/") and ".." not in PurePosixPath(path).parts

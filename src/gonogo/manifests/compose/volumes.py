"""Volumes, configs, secrets and tmpfs of a service: Pod volumes, mounts, and the ConfigMaps and Secrets behind them.

A named volume lives as long as the Pod and is shared with the services that run to their end before it; what the file
names on this machine is copied into each replica.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from gonogo.manifests import notes
from gonogo.manifests.compose.file import ComposeFile
from gonogo.manifests.compose.form import bad, mapping, scalar
from gonogo.manifests.compose.named_files import is_local
from gonogo.manifests.compose.rules import COMPOSE_FILE_MISSING, COMPOSE_KEY_UNSUPPORTED
from gonogo.manifests.document import Path
from gonogo.manifests.rule import Place

__all__ = ["MountedVolume", "StoredFiles", "volumes"]

_COPY: Final = "its files are copied into each replica: what the container writes there stays in the replica"
_STORES: Final = {"configs": "/", "secrets": "/run/secrets/"}
_OPTIONS: Final = frozenset({"ro", "rw", "z", "Z", "cached", "delegated", "consistent", "nocopy"})


@dataclass(frozen=True, slots=True)
class StoredFiles:
    """Files that a container gets: from this machine, a config or a secret."""

    files: Mapping[str, bytes] = field(repr=False)
    secret: bool = False

    def data(self) -> dict[str, Any]:
        """Return them as the data of a ConfigMap or a Secret, the keys numbered: a path is no key."""
        texts = {f"f{i}": base64.b64encode(content).decode() for i, content in enumerate(self.files.values())}
        return {"data" if self.secret else "binaryData": texts}

    def items(self) -> tuple[dict[str, str], ...]:
        """Return which key is which file."""
        return tuple({"key": f"f{i}", "path": path} for i, path in enumerate(self.files))


@dataclass(frozen=True, slots=True)
class MountedVolume:
    """A volume at a path of a container.

    Attributes:
        stored: its files; None for an empty folder.
        single: it is one file, which stands at ``target`` itself.
        shared: the name of a volume that other services may mount; empty for one of its own.
    """

    name: str
    target: str
    path: Path
    stored: StoredFiles | None = None
    single: bool = False
    read_only: bool = False
    shared: str = ""


def volumes(service: Mapping[str, object], file: ComposeFile, place: Place) -> tuple[MountedVolume, ...]:
    """Return what the container mounts, in the order of the file."""
    found = [*_volumes(service.get("volumes"), file, place / "volumes"), *_tmpfs(service.get("tmpfs"), place / "tmpfs")]
    for group in _STORES:
        found += _stores(service.get(group), group, file, place / group)
    return tuple(found)


def _volumes(value: object, file: ComposeFile, place: Place) -> Iterator[MountedVolume]:
    if value is not None and not isinstance(value, list):
        bad(place, value, "a list", "write - before each volume")
        return
    for i, entry in enumerate(value or []):
        here = place / i
        kind, source, target, read_only = _long(entry, here) if isinstance(entry, dict) else _short(entry, here)
        if not target:
            continue
        if kind == "bind":
            yield from _bound(source, target, file, here, read_only=read_only)
        elif kind in ("volume", "tmpfs"):
            if source:
                _declared(source, file, here)
            name = _name("volume", source or target)
            yield MountedVolume(name, target, here.path, read_only=read_only, shared=source)
        else:
            here.report(COMPOSE_KEY_UNSUPPORTED, f"gonogo makes no volume of the type {kind}", "use a volume or a bind")


def _short(entry: object, place: Place) -> tuple[str, str, str, bool]:
    text = scalar(entry, place)
    parts = text.split(":") if text else []
    options = frozenset(parts.pop().split(",")) if len(parts) > 2 else frozenset()  # noqa: PLR2004 - SOURCE:TARGET:OPTIONS
    if not parts or len(parts) > 2 or not options <= _OPTIONS or not parts[-1].startswith("/"):  # noqa: PLR2004 - likewise
        if text is not None:
            bad(place, entry, "a volume", 'write "source:/target" or "source:/target:ro"')
        return "", "", "", False
    source = parts[0] if len(parts) > 1 else ""
    return "bind" if is_local(source) else "volume", source, parts[-1], "ro" in options


def _long(entry: Mapping[str, object], place: Place) -> tuple[str, str, str, bool]:
    kind, source, target = (str(entry.get(key) or "") for key in ("type", "source", "target"))
    if not target.startswith("/") or not kind:
        bad(place, dict(entry), "a volume", "give type, source and an absolute target")
        return "", "", "", False
    for key in entry:
        if key not in ("consistency", "read_only", "source", "target", "type"):
            note = notes.MOUNT_OPTION
            (place / key).report(note.rule, note.consequence, note.mend)
    return kind, source, target, entry.get("read_only") is True


def _bound(source: str, target: str, file: ComposeFile, place: Place, *, read_only: bool) -> Iterator[MountedVolume]:
    files = file.files.get(source)
    if files is None:
        _unread(source, file, place)
        return
    if not read_only:
        place.report(notes.FIELD_NOT_USED, _COPY, "add :ro, or use a named volume")
    single = "" in files
    stored = StoredFiles({PurePosixPath(target).name: files[""]} if single else files)
    yield MountedVolume(_name("bind", source), target, place.path, stored, single, read_only)


def _declared(source: str, file: ComposeFile, place: Place) -> None:
    declared = file.body.get("volumes")
    entry = declared.get(source) if isinstance(declared, dict) else None
    if not isinstance(declared, dict) or source not in declared:
        bad(place, source, "a volume of the file", f"declare it: volumes: {{{source}: {{}}}}")
    elif isinstance(entry, dict) and (entry.get("external") or entry.get("driver", "local") != "local"):
        place.report(
            COMPOSE_KEY_UNSUPPORTED,
            f"the volume {source} is made elsewhere: the container would miss its files",
            "bring the files with a service that runs to its end before it",
        )


def _tmpfs(value: object, place: Place) -> Iterator[MountedVolume]:
    for i, entry in enumerate(value if isinstance(value, list) else [] if value is None else [value]):
        here = place / i if isinstance(value, list) else place
        text = scalar(entry, here)
        target = text.partition(":")[0] if text else ""
        if target.startswith("/"):
            yield MountedVolume(_name("tmpfs", target), target, here.path)
        elif text is not None:
            bad(here, entry, "a path", "write an absolute path")


def _stores(value: object, group: str, file: ComposeFile, place: Place) -> Iterator[MountedVolume]:
    if value is not None and not isinstance(value, list):
        bad(place, value, "a list", "write - before each")
        return
    for i, entry in enumerate(value or []):
        here = place / i
        source = entry.get("source") if isinstance(entry, dict) else scalar(entry, here)
        if not isinstance(source, str):
            bad(here, entry, f"a name of {group}", "give source")
            continue
        target = entry.get("target") if isinstance(entry, dict) else None
        path = str(PurePosixPath(_STORES[group]) / (target if isinstance(target, str) else source))
        content = _content(group, source, file, here)
        if content is not None:
            stored = StoredFiles({PurePosixPath(path).name: content}, secret=group == "secrets")
            yield MountedVolume(_name(group, source), path, here.path, stored, single=True, read_only=True)


def _content(group: str, name: str, file: ComposeFile, place: Place) -> bytes | None:
    top = Place(file, place.findings, (group,))
    declared = mapping(file.body.get(group), top)
    if name not in declared:
        bad(place, name, f"one of the {group} of the file", f"declare it under {group}:")
        return None
    entry = mapping(declared[name], top / name)
    path, content, variable = entry.get("file"), entry.get("content"), entry.get("environment")
    if isinstance(path, str):
        if "" in file.files.get(path, {}):
            return file.files[path][""]
        _unread(path, file, top / name / "file")
        return None
    if isinstance(content, str):
        return content.encode()
    if isinstance(variable, str) and variable in file.environment:
        return file.environment[variable].encode()
    bad(top / name, dict(entry), f"one of the {group} that gonogo can make", "give file, content, or environment")
    return None


def _unread(source: str, file: ComposeFile, place: Place) -> None:
    place.report(
        COMPOSE_FILE_MISSING,
        f"{source} cannot be read ({file.why_unread(source)}): the containers would miss it",
        "name a file or folder below that of the docker-compose file",
    )


def _name(kind: str, source: str) -> str:
    return f"{kind}-{re.sub(r'[^a-z0-9]+', '-', source.lower()).strip('-') or 'root'}"

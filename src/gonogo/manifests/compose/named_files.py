"""The files and folders of the machine that a docker-compose file names. Pure: names only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

__all__ = ["env_files", "is_local", "named_files"]


def named_files(body: Mapping[str, object]) -> tuple[str, ...]:
    """Return every path that ``body`` names in env_file, volumes, configs and secrets, as written, each once."""
    return tuple(dict.fromkeys(_named(body)))


def env_files(value: object) -> Iterator[tuple[str, bool]]:
    """Give the paths of an ``env_file`` key and whether each has to be there."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield entry, True
        elif isinstance(entry, dict) and isinstance(entry.get("path"), str):
            yield entry["path"], entry.get("required", True) is not False


def is_local(source: str) -> bool:
    """Whether the source of a volume is a path of the machine and no volume's name."""
    return source.startswith((".", "/", "~"))


def _named(body: Mapping[str, object]) -> Iterator[str]:
    for service in _mappings(body.get("services")):
        yield from (path for path, _ in env_files(service.get("env_file")))
        volumes = service.get("volumes")
        entries: list[object] = volumes if isinstance(volumes, list) else []
        for volume in entries:
            source = volume.get("source") if isinstance(volume, dict) else str(volume).partition(":")[0]
            if isinstance(source, str) and is_local(source):
                yield source
    for group in ("configs", "secrets"):
        for entry in _mappings(body.get(group)):
            if isinstance(path := entry.get("file"), str):
                yield path


def _mappings(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, dict):
        yield from (part for part in value.values() if isinstance(part, dict))

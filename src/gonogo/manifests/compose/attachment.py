"""What a docker-compose file takes from outside: variables, and the files that it names. The edge of this room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from gonogo.manifests.compose.environment import variables
from gonogo.manifests.compose.file import ComposeFile
from gonogo.manifests.compose.named_files import named_files
from gonogo.manifests.compose.substitution import substituted
from gonogo.manifests.document import Document

__all__ = ["attached"]

_MOST_BYTES: Final = 64 << 20
_MOST_FILES: Final = 1000


def attached(document: Document, environment: Mapping[str, str]) -> ComposeFile:
    """Return the docker-compose file ``document`` with its variables put in and the files that it names.

    Variables come from ``environment`` and, where that says nothing, from the file ``.env`` beside it. Only files below
    the folder of the docker-compose file are read.
    """
    folder = (Path(document.source.file).parent if document.source.file != "-" else Path.cwd()).resolve()
    values = {**_beside(folder / ".env"), **environment}
    file = substituted(document, values=values, environment=environment, folder=folder.name)
    files: dict[str, Mapping[str, bytes]] = {}
    unread: dict[str, str] = {}
    for name in named_files(file.body):
        try:
            files[name] = _read(folder, name)
        except OSError as error:
            unread[name] = error.strerror or str(error)
    return replace(file, files=files, unread=unread)


def _beside(path: Path) -> dict[str, str]:
    try:
        return variables(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return {}


def _read(folder: Path, name: str) -> dict[str, bytes]:
    """Return the file ``name`` under "", or the files below the folder ``name`` by their paths in it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise OSError(f"it lies outside of {folder}")
    if not path.is_dir():
        return {"": _bounded(path, _MOST_BYTES)}
    found: dict[str, bytes] = {}
    left = _MOST_BYTES
    for file in _files_below(path):
        content = _bounded(file, left)
        left -= len(content)
        found[str(file.relative_to(path))] = content
        if len(found) > _MOST_FILES:
            raise OSError(f"it holds more than {_MOST_FILES} files")
    return found


def _files_below(path: Path) -> Iterator[Path]:
    return (file for file in sorted(path.rglob("*")) if file.is_file() and not file.is_symlink())


def _bounded(path: Path, most: int) -> bytes:
    if path.exists() and not path.is_file():
        raise OSError("it is neither a file nor a folder")
    with path.open("rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise OSError(f"it holds more than {_MOST_BYTES >> 20} MiB")
    return content

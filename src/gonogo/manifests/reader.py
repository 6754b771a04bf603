"""Read manifests from files, folders and standard input, and whatever docker-compose files name beside them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TextIO

from gonogo.errors import ManifestError
from gonogo.manifests.compose.attachment import attached
from gonogo.manifests.compose.file import NAMES, is_compose
from gonogo.manifests.document import Document
from gonogo.manifests.syntax import parse

__all__ = ["Document", "read"]

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
_MOST_BYTES: Final = 32 * 1024 * 1024


def read(paths: Sequence[Path | str], *, stdin: TextIO | None = None) -> tuple[Document, ...]:
    """Return every object that ``paths`` declare, in the order in which they stand.

    Args:
        paths: files, folders (read recursively: ``*.yaml``, ``*.yml``, ``*.json`` in order of their names, hidden
            ones left out) and ``-`` for standard input. A file that is named twice is read once. A docker-compose file
            in a folder that holds other manifests is another form of them, and read only when it is named itself.
        stdin: what ``-`` reads; the process's standard input by default.

    Raises:
        ManifestError: a path cannot be read, is no YAML, or nothing is declared at all.
    """
    documents: list[Document] = []
    for file in _files(paths):
        found = parse(_from_stdin(stdin or sys.stdin) if file == "-" else _from_file(file), file)
        documents += [attached(one, os.environ) if is_compose(one) else one for one in found]
    if not documents:
        named = ", ".join(str(path) for path in paths) or "no path"
        raise ManifestError("no object is declared", where=named, mend="name files or folders with Kubernetes YAML")
    return tuple(documents)


def _files(paths: Sequence[Path | str]) -> Iterator[str]:
    seen: set[Path] = set()
    for path in paths:
        if str(path) == "-":
            yield "-"
            continue
        given = Path(path)
        for file in _in_folder(given) if given.is_dir() else (given,):
            resolved = file.resolve()
            if resolved not in seen:
                seen.add(resolved)
                yield str(file)


def _in_folder(folder: Path) -> list[Path]:
    found = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix in _SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )
    if not found:
        raise ManifestError(
            "the folder holds no .yaml, .yml or .json file", where=str(folder), mend="name the folder of the manifests"
        )
    return [file for file in found if file.name not in NAMES] or found


def _from_file(file: str) -> str:
    try:
        with Path(file).open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ManifestError(
            f"cannot be read: {error.strerror or error}", where=file, mend="check the path and its permissions"
        ) from error
    try:
        return _bounded(data, file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManifestError("is no UTF-8 text", where=f"{file}:{line}", mend="save the file as UTF-8") from error


def _from_stdin(stream: TextIO) -> str:
    try:
        text = stream.read(_MOST_BYTES + 1)
        _bounded(text.encode(), "-")
    except UnicodeError as error:
        raise ManifestError("standard input is no UTF-8 text", where="-", mend="send UTF-8") from error
    return text


def _bounded(data: bytes, file: str) -> bytes:
    if len(data) > _MOST_BYTES:
        raise ManifestError(
            f"holds more than {_MOST_BYTES // 1024**2} MiB", where=file, mend="name manifests, not data files"
        )
    return data

"""The importers: files of other tools, told apart by what stands in them. A new one is a module and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gonogo.errors import UsageError
from gonogo.runs.imports import hey, k6, locust, vegeta, wrk
from gonogo.runs.imports.imported import Imported

__all__ = ["IMPORTERS", "Importer", "import_file", "recognise"]

_HEAD: Final = 65_536


@dataclass(frozen=True, slots=True)
class Importer:
    """How the files of one tool are known and read.

    Attributes:
        recognises: whether a file that begins with these bytes is the tool's.
        read: the load in the bytes of a file with that name.
    """

    tool: str
    recognises: Callable[[bytes], bool]
    read: Callable[[bytes, str], Imported]


IMPORTERS: Final = (
    Importer("vegeta", vegeta.recognises, vegeta.read),
    Importer("k6", k6.recognises, k6.read),
    Importer("Locust", locust.recognises, locust.read),
    Importer("hey", hey.recognises, hey.read),
    Importer("wrk", wrk.recognises, wrk.read),
)


def recognise(head: bytes) -> Importer | None:
    """Return the importer for a file that begins with ``head``; None when no tool is known that writes such files."""
    return next((one for one in IMPORTERS if one.recognises(head[:_HEAD])), None)


def import_file(path: Path) -> Imported:
    """Return the load in the file at ``path``.

    Raises:
        UsageError: it cannot be read, no known tool wrote it, or it is damaged.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"it cannot be read: {error.strerror or error}", where=str(path), mend="name a readable file"
        ) from error
    importer = recognise(data)
    if importer is None:
        raise UsageError(
            "no tool is known that writes such files",
            where=str(path),
            mend=f"give results of {', '.join(one.tool for one in IMPORTERS)}, or the folder of a stored run",
        )
    return importer.read(data, path.name)

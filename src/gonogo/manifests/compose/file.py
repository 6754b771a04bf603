"""A docker-compose file with everything that it takes from outside, and its services as Kubernetes would have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gonogo.manifests.document import Document, Lines, Path, render

__all__ = ["NAMES", "ComposeFile", "Composed", "is_compose"]

NAMES: Final = frozenset({"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"})
"""What docker compose takes for its file when none is named."""


def is_compose(document: Document) -> bool:
    """Whether the document is a docker-compose file and no Kubernetes object."""
    return "services" in document.body and "apiVersion" not in document.body


@dataclass(frozen=True, slots=True)
class ComposeFile(Document):
    """A docker-compose file, its variables put in.

    Attributes:
        project: its name: the key ``name``, else that of its folder.
        environment: variables that ``environment: [NAME]`` hands on. Not shown in the repr: they may be secret.
        taken: which variables of the caller's environment were put in, by field.
        unset: which variables had no value, by field.
        faults: what was wrong with a variable, and its mend, by field.
        files: what the files hold that it names, by path as written; those of a folder below the folder's path.
        unread: why a path that it names could not be read.
    """

    project: str = "default"
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    taken: Mapping[Path, frozenset[str]] = field(default_factory=dict)
    unset: Mapping[Path, frozenset[str]] = field(default_factory=dict)
    faults: Mapping[Path, tuple[str, str]] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False)
    unread: Mapping[str, str] = field(default_factory=dict)

    def why_unread(self, path: str) -> str:
        """Return why the content of ``path`` is not known."""
        return self.unread.get(path, "it is a folder" if path in self.files else "nothing was read beside the manifest")

    def __str__(self) -> str:
        return f"compose project {self.project}"


@dataclass(frozen=True, slots=True)
class Composed(Document):
    """What a service of a docker-compose file is to Kubernetes; its findings name the fields of the file.

    Attributes:
        project: of the file.
        origins: where in the file what stands at a path of ``body`` comes from, and with it all below that path.
    """

    project: str = ""
    origins: Mapping[Path, Path] = field(default_factory=dict, repr=False)

    def named(self, path: Path) -> str:
        """Return the key of the docker-compose file that ``path`` comes from."""
        return render(origin(self.origins, path))

    def __str__(self) -> str:
        return f"compose project {self.project}"

    @classmethod
    def of(cls, file: ComposeFile, body: Mapping[str, Any], origins: Mapping[Path, Path]) -> Composed:
        """Return ``body``, each part of it with the line on which it stands in ``file``."""
        lines = _lines(file, body, origins, ())
        return cls(file.at(origin(origins, ())), body, lines, file.project, origins)


def origin(origins: Mapping[Path, Path], path: Path) -> Path:
    """Return where ``path`` comes from: what ``origins`` say about it or about the nearest one above it."""
    for length in range(len(path), -1, -1):
        if path[:length] in origins:
            return origins[path[:length]]
    return ()


def _lines(file: ComposeFile, value: object, origins: Mapping[Path, Path], path: Path) -> Lines:
    children: dict[str | int, Lines] = {}
    if isinstance(value, Mapping):
        children = {key: _lines(file, part, origins, (*path, key)) for key, part in value.items()}
    elif isinstance(value, list | tuple):
        children = {i: _lines(file, part, origins, (*path, i)) for i, part in enumerate(value)}
    return Lines(file.at(origin(origins, path)).line, children)

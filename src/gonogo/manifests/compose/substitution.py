"""A docker-compose file with its variables put in. Pure: the variables are given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gonogo.errors import GrammarError
from gonogo.manifests.compose.file import ComposeFile
from gonogo.manifests.compose.interpolation import interpolate
from gonogo.manifests.document import Document, Path

__all__ = ["substituted"]

_PROJECT: Final = re.compile(r"[^a-z0-9-]+")


def substituted(
    document: Document, *, values: Mapping[str, str], environment: Mapping[str, str], folder: str
) -> ComposeFile:
    """Return ``document`` with the variables of ``values`` put in.

    Args:
        document: a docker-compose file.
        values: every variable that is set.
        environment: those of them that come from the caller and from no file.
        folder: name of its folder; the project's, where the file has no ``name``.
    """
    walk = _Walk(values, environment)
    body = {key: walk.value(part, (key,)) for key, part in document.body.items()}
    stated = body.get("name")
    name = stated if isinstance(stated, str) and stated else folder
    return ComposeFile(
        source=document.source,
        body=body,
        lines=document.lines,
        project=_PROJECT.sub("-", name.lower()).strip("-") or "default",
        environment=values,
        taken=walk.taken,
        unset=walk.unset,
        faults=walk.faults,
    )


@dataclass(slots=True)
class _Walk:
    """A walk through a file that puts its variables in and notes what it meets."""

    values: Mapping[str, str]
    environment: Mapping[str, str]
    taken: dict[Path, frozenset[str]] = field(default_factory=dict)
    unset: dict[Path, frozenset[str]] = field(default_factory=dict)
    faults: dict[Path, tuple[str, str]] = field(default_factory=dict)

    def value(self, value: object, path: Path) -> object:
        """Return ``value`` with the variables of every text in it replaced."""
        if isinstance(value, dict):
            return {key: self.value(part, (*path, key)) for key, part in value.items()}
        if isinstance(value, list):
            return [self.value(part, (*path, i)) for i, part in enumerate(value)]
        return self._text(value, path) if isinstance(value, str) and "$" in value else value

    def _text(self, text: str, path: Path) -> str:
        try:
            done = interpolate(text, self.values)
        except GrammarError as error:
            self.faults[path] = (error.what, error.mend)
            return text
        if done.unset:
            self.unset[path] = done.unset
        if taken := done.used & self.environment.keys():
            self.taken[path] = taken
        return done.text

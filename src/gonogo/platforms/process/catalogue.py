"""The catalogue: which command stands for which image, from ``[tool.gonogo.images]``.

An entry maps a glob to a command template. What runs follows Kubernetes: the template is the image's entry point,
a container's ``args`` follow it, and a container's ``command`` takes its place. A template that holds ``{args}``
stands for any ``command`` as well; one that holds ``{command}`` says itself where the manifest's command goes.
``{folder:/path}`` is what is mounted at that path, or a folder of the Pod's own where nothing is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gonogo.errors import SettingsError
from gonogo.manifests.topology import Container, Workload

__all__ = ["WHERE", "Catalogue", "Entry", "unmapped"]

WHERE = "[tool.gonogo.images]"
PLACEHOLDERS = ("host", "port", "python", "workdir", "root", "name", "namespace", "replica", "ordinal")

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([a-z]+(?:\.[A-Za-z0-9-]+|:/[\w./-]+)?)\}")
_FOLDER = "folder"
_PYTHON = re.compile(r"(?:/usr/(?:local/)?bin/)?python(?:3(?:\.\d+)?)?")
_WILDCARD = re.compile(r"[*?]|\[[^]]*\]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue: a glob and the words of its template."""

    pattern: str
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.words:
            raise SettingsError(
                "the command is empty", where=f"{WHERE} {self.pattern!r}", mend="write the program and its arguments"
            )
        for word in self.words:
            for match in _PLACEHOLDER.finditer(word):
                name = re.split("[.:]", match[1] or "host")[0]
                if name in ("command", "args") and word != f"{{{name}}}":
                    raise SettingsError(
                        f"{{{name}}} stands inside the word {word!r}",
                        where=f"{WHERE} {self.pattern!r}",
                        mend="make it a word of its own: it becomes as many words as the manifest has",
                    )
                if name not in (*PLACEHOLDERS, _FOLDER, "command", "args"):
                    every = (*PLACEHOLDERS, "command", "args", "port.NAME", f"{_FOLDER}:/PATH")
                    known = ", ".join(f"{{{known}}}" for known in every)
                    raise SettingsError(
                        f"unknown placeholder {match[0]}",
                        where=f"{WHERE} {self.pattern!r}",
                        mend=f"known are {known}; write {{{{ and }}}} for braces",
                    )

    @classmethod
    def read(cls, pattern: str, template: str | Sequence[str]) -> Entry:
        """Return the entry that a line of settings says: a string is split as a shell would, a list is taken as it is.

        Raises:
            SettingsError: the template is empty, cannot be split, or holds an unknown placeholder.
        """
        if not isinstance(template, str):
            return cls(pattern, tuple(template))
        try:
            return cls(pattern, tuple(shlex.split(template)))
        except ValueError as error:
            raise SettingsError(
                f"{template!r} cannot be split into words: {error}",
                where=f"{WHERE} {pattern!r}",
                mend="close its quotation marks, or write a list of words",
            ) from error

    @property
    def rank(self) -> tuple[int, int, str]:
        """More specific is larger: literal characters first, then fewer wildcards."""
        return len(_WILDCARD.sub("", self.pattern)), -len(_WILDCARD.findall(self.pattern)), self.pattern

    def matches(self, image: str) -> bool:
        """Whether the glob matches ``image`` as written, or without its tag and digest."""
        bare = image.partition("@")[0]
        name, _, tag = bare.rpartition(":")
        if name and "/" not in tag:
            bare = name
        return fnmatchcase(image, self.pattern) or fnmatchcase(bare, self.pattern)

    def argv(
        self, values: Mapping[str, str], command: Sequence[str] | None, args: Sequence[str], *, where: str
    ) -> tuple[str, ...]:
        """Return the command line of a container.

        Args:
            values: what the placeholders stand for.
            command: the container's own, None when the manifest is silent.
            args: the container's own.
            where: the container, for messages.

        Raises:
            SettingsError: a placeholder has no value here, or nothing is left to run.
        """
        own = [*_with_python((command or ())[:1], values["python"]), *(command or ())[1:]]
        placed = {"{command}", "{args}"} & set(self.words)
        if not placed:
            head = own if command else [self._fill(word, values, where) for word in self.words]
            return (*head, *args)
        words: list[str] = []
        for word in self.words:
            if word == "{command}":
                words += own
            elif word == "{args}":
                words += args if command or "{command}" not in placed else _with_python(args, values["python"])
            else:
                words.append(self._fill(word, values, where))
        if "{args}" not in placed:
            words += args
        if not words:
            raise SettingsError(
                f"the entry {self.pattern!r} runs the manifest's command, and the manifest has none",
                where=where,
                mend=f"write in {WHERE} what the image's own entry point would run",
            )
        return tuple(words)

    def _fill(self, word: str, values: Mapping[str, str], where: str) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[0][0]
            kind, _, path = match[1].partition(":")
            if kind == _FOLDER:
                return values.get(match[1], values["workdir"] + path)
            if match[1] not in values:
                raise SettingsError(
                    f"the entry {self.pattern!r} uses {match[0]}, and the container declares no such port",
                    where=where,
                    mend="declare it under ports, or write the number into the entry",
                )
            return values[match[1]]

        return _PLACEHOLDER.sub(value, word)


def _with_python(words: Sequence[str], python: str) -> list[str]:
    """Replace a program called python by the interpreter that gonogo runs on."""
    return [python, *words[1:]] if words and _PYTHON.fullmatch(words[0]) else list(words)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries, the most specific first."""

    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, images: Mapping[str, str | Sequence[str]]) -> Catalogue:
        """Return the catalogue that ``images`` (glob to template) says.

        Raises:
            SettingsError: an entry cannot be used.
        """
        entries = [Entry.read(pattern, template) for pattern, template in images.items()]
        return cls(tuple(sorted(entries, key=lambda entry: entry.rank, reverse=True)))

    def find(self, image: str) -> Entry | None:
        """Return the most specific entry for ``image``: the one with most literal characters."""
        return next((entry for entry in self.entries if entry.matches(image)), None)


def unmapped(missing: Iterable[tuple[Workload, Container]]) -> SettingsError:
    """Return the error that names every image without an entry at once, with a block to paste."""
    used: dict[str, list[tuple[Workload, Container]]] = {}
    for workload, container in missing:
        used.setdefault(container.image, []).append((workload, container))
    who = "; ".join(
        f"{image} ({', '.join(dict.fromkeys(f'{workload} container {each.name}' for workload, each in users))})"
        for image, users in used.items()
    )
    lines = [
        f"{_toml(image)} = {_toml(_proposal([container for _, container in users]))}" for image, users in used.items()
    ]
    block = "\n".join(f"    {line}" for line in (WHERE, *lines))
    return SettingsError(
        f"no command is known for {len(used)} image{'s' if len(used) > 1 else ''}: {who}",
        where=WHERE,
        mend=f"say in pyproject.toml what runs in their place:\n{block}",
    )


def _proposal(containers: Sequence[Container]) -> str:
    if all(container.command for container in containers):
        return "{command} {args}"
    port = " --port {port}" if any(container.ports for container in containers) else ""
    return "{python} -m your_module" + (f" --host {{host}}{port}" if port else "")


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

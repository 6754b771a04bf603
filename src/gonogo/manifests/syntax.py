"""YAML text to documents, with the line of every field.

The events of the parser are composed here and not by PyYAML, because Kubernetes reads scalars by other rules
(:mod:`gonogo.manifests.scalar`), a key given twice must be refused, and aliases must not blow up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import yaml

from gonogo.errors import ManifestError
from gonogo.manifests.document import Document, Lines
from gonogo.manifests.findings import Source
from gonogo.manifests.scalar import plain

__all__ = ["parse"]

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST: Final = 100
_MOST_NODES: Final = 1_000_000
_TEMPLATE: Final = "where this is a template, render it first: `helm template . | gonogo check -`"
_TAG: Final = "tag:yaml.org,2002:"
_TYPED: Final[Mapping[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
}


def parse(text: str, file: str) -> tuple[Document, ...]:
    """Return the objects in ``text``, Lists expanded and empty documents left out.

    Args:
        text: one or more YAML documents, or JSON.
        file: the file as the user named it, for messages and findings.

    Raises:
        ManifestError: the text is no YAML that Kubernetes can read; says file, line and column.
    """
    composer = _Composer(file)
    found: list[Document] = []
    try:
        events = iter(yaml.parse(text.removeprefix("\ufeff"), Loader=_LOADER))
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                composer.forget()
                first = next(events)
                root = composer.node(first, events, 0)
                if root.value is not None:
                    found += _expand(root, file)
    except yaml.MarkedYAMLError as error:
        raise _broken(error, text, file) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise ManifestError(
            "holds characters that YAML does not allow", where=file, mend="save the file as UTF-8 text"
        ) from error
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Node:
    """A composed value, its lines, its number of nodes with every alias counted in full, and the nodes in it."""

    value: object
    lines: Lines
    size: int = 1
    parts: Mapping[str | int, _Node] = field(default_factory=dict)


class _Composer:
    """Composes the nodes of one file from the parser's events."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._anchors: dict[str, _Node | None] = {}

    def forget(self) -> None:
        """Forget the anchors: they hold within one document."""
        self._anchors = {}

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> _Node:
        """Return the node that begins with ``event``."""
        if depth > _DEEPEST:
            raise self._error(event, f"is nested more than {_DEEPEST} deep", "write it flatter")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        anchor = getattr(event, "anchor", None)
        if anchor:
            self._anchors[anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, events, depth)
        else:
            node = self._mapping(event, events, depth)
        if node.size > _MOST_NODES:
            raise self._error(
                event, f"grows to more than {_MOST_NODES:,} values by its aliases", "write out what is meant"
            )
        if anchor:
            self._anchors[anchor] = node
        return node

    def _alias(self, event: yaml.AliasEvent) -> _Node:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            raise self._error(event, f"the alias *{event.anchor} names no finished anchor before it", "mend the name")
        return replace(node, lines=replace(node.lines, line=_line(event)))

    def _scalar(self, event: yaml.ScalarEvent) -> _Node:
        value: object = event.value
        bare = event.implicit[0]
        if bare:
            value = plain(event.value)
        elif event.tag and event.tag not in ("!", f"{_TAG}str"):
            value = plain(event.value)
            allowed = _TYPED.get(event.tag.removeprefix(_TAG), ())
            if type(value) not in allowed:
                raise self._error(event, f"the tag {event.tag} cannot be used here", "remove the tag")
        return _Node(value, Lines(_line(event), {}, event.value if bare else ""))

    def _sequence(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> _Node:
        self._refuse_tag(event, "seq")
        items: dict[str | int, _Node] = {}
        for item in events:
            if isinstance(item, yaml.SequenceEndEvent):
                break
            items[len(items)] = self.node(item, events, depth + 1)
        return _whole([node.value for node in items.values()], _line(event), items)

    def _mapping(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> _Node:
        self._refuse_tag(event, "map")
        own: dict[str | int, _Node] = {}
        merged: dict[str | int, _Node] = {}
        for key in events:
            if isinstance(key, yaml.MappingEndEvent):
                break
            if isinstance(key, yaml.ScalarEvent) and key.value == "<<" and key.implicit[0]:
                merged = {**self._merge(key, self.node(next(events), events, depth + 1)), **merged}
                continue
            name = self._key(key)
            if name in own:
                raise self._error(
                    key,
                    f"the key {name!r} stands here and on line {own[name].lines.line}",
                    "keep one of them: a cluster drops the first or refuses both",
                )
            node = self.node(next(events), events, depth + 1)
            own[name] = replace(node, lines=replace(node.lines, line=_line(key)))
        nodes = {**merged, **own}
        return _whole({name: node.value for name, node in nodes.items()}, _line(event), nodes)

    def _merge(self, key: yaml.Event, node: _Node) -> dict[str | int, _Node]:
        found: dict[str | int, _Node] = {}
        for source in node.parts.values() if isinstance(node.value, list) else (node,):
            if not isinstance(source.value, Mapping):
                raise self._error(key, "<< merges something that is no mapping", "merge an alias of a mapping")
            found = {**source.parts, **found}
        return found

    def _key(self, event: yaml.Event) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            mend = f"write a text key; {_TEMPLATE}"
            raise self._error(event, "a list or mapping stands where a key is expected", mend)
        value = self._scalar(event).value
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and str(value) == event.value:
            return event.value
        raise self._error(event, f"the key {event.value!r} is no text to YAML", f'write "{event.value}" in quotes')

    def _refuse_tag(self, event: yaml.Event, allowed: str) -> None:
        tag = getattr(event, "tag", None)
        if tag not in (None, "!", f"{_TAG}{allowed}"):
            raise self._error(event, f"the tag {tag} cannot be used here", "remove the tag")

    def _error(self, event: yaml.Event, what: str, mend: str) -> ManifestError:
        column = event.start_mark.column + 1 if event.start_mark else 1
        return ManifestError(what, where=f"{self._file}:{_line(event)}:{column}", mend=mend)


def _whole(value: object, line: int, parts: Mapping[str | int, _Node]) -> _Node:
    lines = Lines(line, {name: part.lines for name, part in parts.items()})
    return _Node(value, lines, 1 + sum(part.size for part in parts.values()), parts)


def _expand(root: _Node, file: str) -> Iterator[Document]:
    line = root.lines.line
    if not isinstance(root.value, dict):
        raise ManifestError(
            "the document is no mapping, so it declares no object",
            where=f"{file}:{line}",
            mend="begin it with apiVersion: and kind:",
        )
    if root.value.get("kind") != "List":
        yield Document(Source(file, line), root.value, root.lines)
        return
    items = root.value.get("items") or []
    if not isinstance(items, list):
        raise ManifestError("the items of the List are no list", where=f"{file}:{line}", mend="write - before each")
    for position in range(len(items)):
        yield from _expand(root.parts["items"].parts[position], file)


def _broken(error: yaml.MarkedYAMLError, text: str, file: str) -> ManifestError:
    mark = error.problem_mark or error.context_mark
    problem = " ".join(filter(None, (error.context, error.problem))) or "unreadable"
    if mark is None:
        return ManifestError(f"is no YAML: {problem}", where=file, mend="mend the file")
    lines = text.split("\n")
    near = lines[mark.line] if mark.line < len(lines) else ""
    return ManifestError(
        f"is no YAML: {problem}", where=f"{file}:{mark.line + 1}:{mark.column + 1}", mend=_mend(problem, near)
    )


def _mend(problem: str, line: str) -> str:
    if "{{" in line or "{%" in line:
        return _TEMPLATE
    if "\t" in line:
        return "indent with spaces, not with tabs"
    if "mapping values are not allowed" in problem:
        return "put text with a colon in quotes, and check the indentation of this line and the one above"
    if "could not find expected ':'" in problem:
        return "write `key: value`, with a space after the colon"
    if "alias" in problem or "anchor" in problem:
        return "put text that begins with * or & in quotes"
    return "check the indentation, the quotes and the brackets on this line and the one above"


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1

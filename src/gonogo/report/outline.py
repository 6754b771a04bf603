"""An outline: nested facts as a flat list of lines, each with its depth, for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Branch", "outline"]


@dataclass(frozen=True, slots=True)
class Branch:
    """One fact: where it hangs (``settings.platform``) and its text."""

    path: str
    text: str


def outline(facts: Mapping[str, object]) -> tuple[Branch, ...]:
    """Return the leaves of ``facts`` with their paths, in order; a list of plain values is one leaf."""
    return tuple(_leaves("", facts))


def _leaves(path: str, value: object) -> Iterator[Branch]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), item)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        if any(isinstance(item, Mapping) for item in value):
            for index, item in enumerate(value):
                yield from _leaves(f"{path}[{index}]", item)
        else:
            yield Branch(path, ", ".join(str(item) for item in value) or "none")
    elif value is not None:
        yield Branch(path, str(value))

"""Values in the wrong places: every place in a document, and the document with another value there."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["Path", "changed", "places"]

Path = tuple[str | int, ...]


def places(node: object, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every value in ``node``."""
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, value in entries:
        yield (*path, step)
        yield from places(value, (*path, step))


def changed(node: object, path: Path, value: object) -> object:
    """Return ``node`` with ``value`` at ``path``."""
    if not path:
        return value
    step, *rest = path
    if isinstance(node, dict):
        return {**node, step: changed(node.get(step), tuple(rest), value)}
    if isinstance(node, list):
        return [changed(item, tuple(rest), value) if i == step else item for i, item in enumerate(node)]
    return node

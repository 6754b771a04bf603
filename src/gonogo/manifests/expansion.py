"""``$(NAME)`` in env values, commands and arguments, by the rules of Kubernetes.

https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
One pass from left to right: ``$(NAME)`` becomes the variable's value or, where there is none, stays as it is;
``$$`` becomes ``$`` and so keeps what follows from being a reference; any other ``$`` is text. Values that are put in
are not expanded again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Expansion", "expand"]

_TOKEN: Final = re.compile(r"\$(?:(?P<escaped>\$)|\((?P<name>[^)]*)\))")


@dataclass(frozen=True, slots=True)
class Expansion:
    """Text with its references replaced, the names that were found, and those that were not."""

    text: str
    found: frozenset[str]
    missing: frozenset[str]


def expand(text: str, values: Mapping[str, str]) -> Expansion:
    """Return ``text`` with the references to ``values`` replaced."""
    found: set[str] = set()
    missing: set[str] = set()

    def replaced(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return "$"
        if name in values:
            found.add(name)
            return values[name]
        missing.add(name)
        return match[0]

    return Expansion(_TOKEN.sub(replaced, text), frozenset(found), frozenset(missing))

"""``${NAME}`` in docker-compose files, by the rules of the Compose specification.

https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md: ``$NAME``, ``${NAME}``, ``${NAME:-default}``
and ``${NAME-default}``, ``${NAME:?message}`` and ``${NAME?message}``, ``${NAME:+other}`` and ``${NAME+other}``; ``$$``
is a ``$``. With a colon an empty value counts as unset. What follows the operator may hold variables itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gonogo.errors import GrammarError

__all__ = ["Interpolation", "interpolate"]

_TOKEN: Final = re.compile(r"\$(?:(?P<escaped>\$)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<open>\{))")
_OPENED: Final = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<operator>:?[-?+])?")
_MEND: Final = "write ${NAME} or ${NAME:-default}, and $$ for the sign itself"
_DEEPEST: Final = 20


@dataclass(frozen=True, slots=True)
class Interpolation:
    """Text with its variables replaced, the names that gave a value, and those that were not set."""

    text: str
    used: frozenset[str] = field(default_factory=frozenset)
    unset: frozenset[str] = field(default_factory=frozenset)


def interpolate(text: str, values: Mapping[str, str]) -> Interpolation:
    """Return ``text`` with the variables of ``values`` put in; one that is not set becomes nothing.

    Raises:
        GrammarError: ``text`` cannot be read, or requires a variable that is not set.
    """
    used: set[str] = set()
    unset: set[str] = set()
    return Interpolation(_replaced(text, values, used, unset, 0), frozenset(used), frozenset(unset))


def _replaced(text: str, values: Mapping[str, str], used: set[str], unset: set[str], depth: int) -> str:
    if depth > _DEEPEST:
        raise GrammarError(f"variables stand more than {_DEEPEST} deep in each other", mend=_MEND)
    parts: list[str] = []
    position = 0
    while (dollar := text.find("$", position)) >= 0:
        parts.append(text[position:dollar])
        token = _TOKEN.match(text, dollar)
        if token is None:
            raise GrammarError(f"{text[dollar : dollar + 12]!r} is no variable", mend=_MEND)
        position = token.end()
        if token["escaped"]:
            parts.append("$")
        elif token["open"]:
            end = _closing(text, position)
            parts.append(_braced(text[position:end], values, used, unset, depth))
            position = end + 1
        else:
            parts.append(_plain(token["name"], values, used, unset))
    return "".join([*parts, text[position:]])


def _closing(text: str, begin: int) -> int:
    depth = 1
    for position in range(begin, len(text)):
        if text[position] == "{" and text[position - 1] == "$":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
    raise GrammarError(f"{text[begin - 2 : begin + 12]!r} has no closing brace", mend=_MEND)


def _braced(inside: str, values: Mapping[str, str], used: set[str], unset: set[str], depth: int) -> str:
    opened = _OPENED.match(inside)
    if opened is None or (opened["operator"] is None and opened.end() != len(inside)):
        raise GrammarError(f"'${{{inside[:20]}}}' is no variable", mend=_MEND)
    name, operator = opened["name"], opened["operator"]
    if operator is None:
        return _plain(name, values, used, unset)
    given = values.get(name)
    there = bool(given) if operator[0] == ":" else given is not None
    word = inside[opened.end() :]
    if there:
        used.add(name)
    if operator[-1] == "+":
        return _replaced(word, values, used, unset, depth + 1) if there else ""
    if there:
        return given or ""
    if operator[-1] == "?":
        raise GrammarError(f"the variable {name} is required: {word or 'it is not set'}", mend=f"set {name}")
    return _replaced(word, values, used, unset, depth + 1)


def _plain(name: str, values: Mapping[str, str], used: set[str], unset: set[str]) -> str:
    (used if name in values else unset).add(name)
    return values.get(name, "")

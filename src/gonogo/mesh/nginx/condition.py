"""Conditions on a request as maps: each makes a variable that is 1 where the condition holds.

Nginx compares plain texts in maps without regard to case, so everything is a regular expression.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from gonogo.mesh.nginx.difference import Differences
from gonogo.mesh.nginx.form import block, header_variable, quoted
from gonogo.mesh.policy.match import Kind, Match, NamedMatch, StringMatch
from gonogo.mesh.policy.origin import Origin

__all__ = ["PATH", "Conditions", "pattern"]

PATH: Final = 'map $request_uri $gonogo_path {\n    "~^(?<gonogo_taken>[^?]*)" $gonogo_taken;\n}'
"""The path as it came, without the query."""


def pattern(match: StringMatch) -> str:
    """Return a regular expression that holds for what ``match`` holds for."""
    match match.kind:
        case Kind.EXACT:
            return f"^{re.escape(match.value)}$"
        case Kind.PREFIX:
            return f"^{re.escape(match.value)}"
        case Kind.SEGMENTS:
            return "^/" if match.value == "/" else f"^{re.escape(match.value)}(?:/|$)"
        case Kind.REGEX:
            return f"^(?:{match.value})$"
        case Kind.PRESENT:
            return "."


@dataclass(slots=True)
class Conditions:
    """The maps of one configuration.

    Attributes:
        maps: their text, in the order in which they were made.
    """

    differences: Differences
    maps: list[str] = field(default_factory=list)

    def of(self, name: str, match: Match, origin: Origin | None) -> str:
        """Return a variable, called after ``name``, that is 1 where all conditions of ``match`` hold, or ``1``."""
        parts = []
        if match.uri:
            parts.append(("$gonogo_path", pattern(match.uri), match.ignore_uri_case, False))
        if match.method:
            parts.append(("$request_method", pattern(match.method), False, False))
        if match.authority:
            parts.append(("$http_host", pattern(match.authority), False, False))
        for entry in match.headers:
            variable = self._header(entry, origin)
            parts.append((variable, pattern(entry.match), False, entry.absent))
        parts += [("$args", _in_query(entry), False, entry.absent) for entry in match.query]
        held = [self._one(f"{name}_{i}", *part) for i, part in enumerate(parts)]
        if not held:
            return "1"
        if len(held) == 1:
            return held[0]
        self.add(f"${name}", quoted(":".join(held)), [(f"~^{':'.join('1' * len(held))}$", "1")], "0")
        return f"${name}"

    def add(self, variable: str, source: str, cases: list[tuple[str, str]], default: str) -> None:
        """Make a map from ``source`` to ``variable``."""
        lines = [f"{quoted(case)} {value};" for case, value in cases]
        self.maps.append(block(f"map {source} {variable}", [*lines, f"default {default};"]))

    def _one(self, name: str, source: str, expression: str, ignore_case: bool, absent: bool) -> str:  # noqa: FBT001
        mark = "~*" if ignore_case else "~"
        yes, no = ("0", "1") if absent else ("1", "0")
        self.add(f"${name}", source, [(f"{mark}{expression}", yes)], no)
        return f"${name}"

    def _header(self, entry: NamedMatch, origin: Origin | None) -> str:
        variable = header_variable(entry.name)
        if not variable:
            self.differences.cannot(origin, "match", f"Nginx has no variable for a header called {entry.name!r}")
            return "$gonogo_path"
        if entry.match.kind is Kind.PRESENT:
            self.differences.differs(origin, "match", f"an empty {entry.name} header counts as missing")
        return variable


def _in_query(entry: NamedMatch) -> str:
    name = re.escape(entry.name)
    match entry.match.kind:
        case Kind.PRESENT:
            return f"(?:^|&){name}(?:=|&|$)"
        case Kind.PREFIX:
            return f"(?:^|&){name}={re.escape(entry.match.value)}"
        case Kind.REGEX:
            return f"(?:^|&){name}=(?:{entry.match.value})(?:&|$)"
        case _:
            return f"(?:^|&){name}={re.escape(entry.match.value)}(?:&|$)"

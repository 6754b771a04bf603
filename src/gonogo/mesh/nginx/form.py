"""Nginx's way to write texts, variables and blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["DOLLAR", "block", "header_variable", "literal", "quoted", "seconds"]

DOLLAR: Final = "geo $gonogo_dollar {\n    default $;\n}"
"""Nginx has no escape for a dollar: this makes a variable that holds one."""

_HEADER: Final = re.compile(r"[A-Za-z0-9_-]+")


def quoted(text: str) -> str:
    """Return ``text`` as one word in which variables stand for themselves."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(text: str) -> str:
    """Return ``text`` as one word that means exactly ``text``."""
    return quoted(text.replace("$", "${gonogo_dollar}"))


def block(head: str, lines: Iterable[str]) -> str:
    """Return a block of directives, indented."""
    body = "\n".join(f"    {line}" if line else "" for entry in lines for line in entry.split("\n"))
    return f"{head} {{\n{body}\n}}"


def seconds(value: float) -> str:
    """Return a time: whole milliseconds, at least one."""
    return f"{max(1, round(value * 1000))}ms"


def header_variable(name: str) -> str:
    """Return the variable of a request header; empty when Nginx has none for such a name."""
    return f"$http_{name.lower().replace('-', '_')}" if _HEADER.fullmatch(name) else ""

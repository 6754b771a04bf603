"""Markdown from texts of anywhere: what would act is escaped, and every text stays on its line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gonogo.report.plain import one_line

__all__ = ["bullets", "code", "paragraph", "table"]

_ACTIVE: Final = re.compile(r"([\\`*_\[\]<>|~&]|(?<=:)//)")
_FENCES: Final = re.compile(r"`+")


def paragraph(text: str) -> str:
    """Return ``text`` as Markdown that shows it letter by letter, on one line."""
    return _ACTIVE.sub(r"\\\1", one_line(text))


def code(text: str) -> str:
    """Return ``text`` as a code span; a bar is escaped, because it would end a table's cell even there."""
    line = one_line(text)
    if not line:
        return ""
    fence = "`" * (1 + max((len(run) for run in _FENCES.findall(line)), default=0))
    room = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{room}{line}{room}{fence}".replace("|", r"\|")


def bullets(lines: Sequence[str]) -> str:
    """Return ``lines`` as a list."""
    return "\n".join(f"- {paragraph(line)}" for line in lines)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)

"""Tables in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

__all__ = ["spread", "table"]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spread(values: Sequence[float]) -> str:
    """Return the median, and in brackets the lowest and the highest."""
    return f"{statistics.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"

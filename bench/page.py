"""Tables of a bench in a page of the documentation, between markers of their own."""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_between"]


def write_between(page: Path, bench: str, text: str) -> None:
    """Put ``text`` between the markers of ``bench`` in ``page``; without markers, they come to its end."""
    begin, end = f"<!-- {bench}: begin -->", f"<!-- {bench}: end -->"
    old = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
    if begin not in old:
        old = f"{old.rstrip()}\n\n{begin}\n{end}\n"
    before, _, rest = old.partition(begin)
    page.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")

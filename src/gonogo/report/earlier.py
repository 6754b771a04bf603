"""Finding the judgment that a session is compared with: the newest kept one of the same scope."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from gonogo.errors import UsageError
from gonogo.gate.change import latest
from gonogo.gate.judgment import Judgment
from gonogo.report.reader import read

__all__ = ["find_earlier"]

_MOST: Final = 50
"""So many of the youngest kept judgments are looked at: a folder may hold years of them."""


def find_earlier(folder: Path, scope: str) -> tuple[str, Judgment] | None:
    """Return name and judgment of the newest complete judgment of ``scope`` kept beside ``folder``; None without one.

    Judgments are kept as ``<folder>-<UTC time>``. What cannot be read is passed over: it must not stop a session.

    Args:
        folder: the judgment folder of this session.
        scope: what this session selected, as its ledger says it.
    """
    return latest(scope, _kept(folder))


def _kept(folder: Path) -> Iterator[tuple[str, Judgment]]:
    with suppress(OSError):
        beside = sorted(folder.parent.glob(f"{_literal(folder.name)}-*/judgment.json"), reverse=True)
        for file in beside[:_MOST]:
            with suppress(UsageError):
                yield file.parent.name, read(file)


def _literal(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)

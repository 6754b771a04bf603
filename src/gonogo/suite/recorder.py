"""Where a suite's runs and criteria are written down; the session provides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gonogo.gate.judgment import CriterionEntry, RunEntry

__all__ = ["Recorder", "RunPlace"]


@dataclass(frozen=True, slots=True)
class RunPlace:
    """Name and folder of a run: ``folder`` is absolute, ``relative`` is how the judgment names it."""

    name: str
    folder: Path
    relative: str


class Recorder(Protocol):
    """The session's ledger and folder, as a load sees them."""

    def place(self, name: str) -> RunPlace:
        """Return a new folder for a run, its name made unique in the session."""
        ...

    def run(self, entry: RunEntry) -> None:
        """Write a finished run down."""
        ...

    def criteria(self, entries: Sequence[CriterionEntry]) -> None:
        """Write judged criteria down."""
        ...

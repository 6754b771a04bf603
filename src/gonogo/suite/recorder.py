"""Where a suite's runs and criteria are written down; the session provides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from gonogo.gate.experiment import ExperimentEntry
from gonogo.gate.judgment import CriterionEntry, RunEntry

__all__ = ["Observing", "Recorder", "RunPlace"]


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

    def experiment(self, entry: ExperimentEntry) -> None:
        """Write an experiment down, or what is known of it by now."""
        ...


class Observing:
    """Writes runs down as observations and their criteria not at all: an experiment judges them for itself.

    Args:
        recorder: the session's.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def place(self, name: str) -> RunPlace:
        """Return a new folder for a run."""
        return self._recorder.place(name)

    def run(self, entry: RunEntry) -> None:
        """Write a finished run down as an observation."""
        self._recorder.run(replace(entry, observation=True))

    def criteria(self, entries: Sequence[CriterionEntry]) -> None:
        """Write nothing: what an experiment tries may fail."""

    def experiment(self, entry: ExperimentEntry) -> None:
        """Write an experiment down."""
        self._recorder.experiment(entry)

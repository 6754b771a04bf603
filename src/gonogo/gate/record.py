"""The record that a verdict is decided on: everything that one session said, before anybody has judged it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gonogo.gate.judgment import CriterionEntry, RunEntry, TestEntry
from gonogo.gate.selection import Selection
from gonogo.manifests.findings import Finding

__all__ = ["Record"]


@dataclass(frozen=True, slots=True)
class Record:
    """What decides the verdict of a session.

    Attributes:
        gates: node ids or folders of the suites that the settings list.
        selection: which part of the project was selected; gates outside of it do not count.
        obstacles: whatever else forbids GO, as lines.
        interruption: why the session was cut short; empty when it was not.
        complete: the session came to its end.
    """

    tests: tuple[TestEntry, ...] = ()
    criteria: tuple[CriterionEntry, ...] = ()
    runs: tuple[RunEntry, ...] = ()
    findings: tuple[Finding, ...] = ()
    gates: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()
    interruption: str = ""
    complete: bool = True
    selection: Selection = field(default_factory=Selection)

    @property
    def gates_in_scope(self) -> tuple[str, ...]:
        """The gates of the settings that lie inside of the selection."""
        tests = tuple(entry.id for entry in self.tests)
        return tuple(gate for gate in self.gates if self.selection.covers(gate, tests))

    def summary(self, run: str) -> Mapping[str, object]:
        """Return the summary of the run called ``run``; empty when there is none."""
        return next((entry.summary for entry in self.runs if entry.name == run), {})

    def criteria_of(self, test: str) -> tuple[CriterionEntry, ...]:
        """Return the criteria that belong to the test with the node id ``test``."""
        return tuple(entry for entry in self.criteria if entry.test == test)

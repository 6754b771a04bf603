"""Obstacles: what forbids GO although no criterion and no failed test speaks against the service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.gate.judgment import TestEntry, TestOutcome
from gonogo.gate.record import Record
from gonogo.gate.selection import belongs
from gonogo.gate.sentence import counted, listed, plain_end
from gonogo.manifests.findings import Severity

__all__ = ["find_obstacles", "missing_gates"]

_LEFT_OUT: Final = {
    TestOutcome.NOT_RUN: "did not run",
    TestOutcome.SKIPPED: "skipped",
    TestOutcome.XFAILED: "failed as expected by its xfail mark",
    TestOutcome.DESELECTED: "deselected",
}
_SHOWS_NOTHING: Final = (TestOutcome.NOT_RUN, TestOutcome.DESELECTED)


def find_obstacles(record: Record) -> tuple[str, ...]:
    """Return a line for each obstacle to GO in ``record``, the most telling first."""
    return tuple(
        dict.fromkeys(
            [
                *_end(record),
                *_nothing_tested(record),
                *_left_out(record),
                *_missing_gates(record),
                *_findings(record),
                *_offline(record),
                *record.obstacles,
            ]
        )
    )


def missing_gates(record: Record) -> tuple[str, ...]:
    """Return the gates of the settings, inside of the selection, of which no test ran."""
    ran = [entry.id for entry in record.tests if entry.outcome not in _SHOWS_NOTHING]
    return tuple(gate for gate in record.gates_in_scope if not any(belongs(test, gate) for test in ran))


def _end(record: Record) -> Iterator[str]:
    ran = sum(entry.outcome not in _SHOWS_NOTHING for entry in record.tests)
    progress = f"{ran:,} of {counted(len(record.tests), 'gate test')} came to an end"
    if record.interruption:
        yield f"The session was cut short: {plain_end(record.interruption)}; {progress}"
    elif not record.complete:
        yield f"The session is not finished or was cut short: {progress}"


def _nothing_tested(record: Record) -> Iterator[str]:
    if all(entry.outcome in _SHOWS_NOTHING for entry in record.tests):
        yield "No gate test was run, so nothing is known about the service"


def _left_out(record: Record) -> Iterator[str]:
    for outcome, words in _LEFT_OUT.items():
        entries = [entry for entry in record.tests if entry.outcome is outcome]
        if entries:
            yield f"{counted(len(entries), 'gate test')} {words}: {listed([_with_reason(entry) for entry in entries])}"


def _with_reason(entry: TestEntry) -> str:
    reason = plain_end(entry.reason)
    return f"{entry.id} ({reason})" if reason else entry.id


def _missing_gates(record: Record) -> Iterator[str]:
    for gate in missing_gates(record):
        yield f"The gate {gate}, listed in the settings, did not run"


def _findings(record: Record) -> Iterator[str]:
    for finding in record.findings:
        if finding.severity is Severity.ERROR:
            yield (
                f"{finding.source} declares what cannot hold: {finding.object} {finding.field}: "
                f"{plain_end(finding.consequence)}"
            )


def _offline(record: Record) -> Iterator[str]:
    if record.criteria and not record.runs and all(entry.offline for entry in record.criteria):
        yield "The judgment rests on offline metrics alone: no request of it reached a running service"

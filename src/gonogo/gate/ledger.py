"""The ledger: what one session says as it goes, and the judgment that follows from it so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gonogo.gate.change import change_since
from gonogo.gate.experiment import ExperimentEntry
from gonogo.gate.judgment import CriterionEntry, Judgment, RunEntry, TestEntry, TestOutcome
from gonogo.gate.next_steps import next_steps
from gonogo.gate.order import worst_first
from gonogo.gate.record import Record
from gonogo.gate.rule import decide
from gonogo.gate.selection import Selection
from gonogo.manifests.findings import Finding
from gonogo.verdicts.hochberg import hold_no_go

__all__ = ["Ledger"]

_BROKEN = (TestOutcome.FAILED, TestOutcome.ERROR)


class Ledger:
    """One session's record. It has no files and no clock; :meth:`judgment` is a pure function of what was recorded.

    Args:
        hold_chance: a NO-GO that, among all criteria of the session, may come by chance is INCONCLUSIVE (Hochberg).
    """

    def __init__(self, *, hold_chance: bool = True) -> None:
        self._hold_chance = hold_chance
        self._scope = ""
        self._provenance: dict[str, object] = {}
        self._gates: dict[str, None] = {}
        self._tests: dict[str, TestEntry] = {}
        self._attempts: dict[str, int] = {}
        self._runs: dict[str, RunEntry] = {}
        self._experiments: dict[str, ExperimentEntry] = {}
        self._criteria: dict[tuple[object, ...], CriterionEntry] = {}
        self._findings: dict[Finding, None] = {}
        self._not_tested: dict[str, None] = {}
        self._obstacles: dict[str, None] = {}
        self._interruption = ""
        self._selection = Selection()
        self._earlier: tuple[str, Judgment] | None = None

    def record_scope(self, scope: str, selection: Selection | None = None) -> None:
        """Say what was selected, as one line, and as a value that decides which gates of the settings count."""
        self._scope = scope
        self._selection = selection or self._selection

    def record_earlier(self, name: str, judgment: Judgment) -> None:
        """Say which kept judgment, of the same scope, this session is to be compared with."""
        self._earlier = name, judgment

    def record_provenance(self, facts: Mapping[str, object]) -> None:
        """Add to when, where and what; a key that is given again takes the later value."""
        self._provenance.update(facts)

    def expect_gates(self, gates: Iterable[str]) -> None:
        """Name suites (folders, files or node ids) of which at least one test must run for GO."""
        self._gates.update(dict.fromkeys(gates))

    def expect_test(self, test: str, title: str = "") -> None:
        """Name a gate test that was selected; until it reports, it did not run."""
        self._tests.setdefault(test, TestEntry(test, TestOutcome.NOT_RUN, title=title))

    def record_test(self, entry: TestEntry, *, attempt: int = 1) -> None:
        """Say what became of a gate test, or of one phase of it.

        Phases of the first attempt (set-up, call, tear-down) may come one by one: the first that broke stays, their
        times add up. A set-up that passed is not for recording: the test has shown nothing yet. Later attempts are
        counted and change nothing: a rerun cannot undo a failure.

        Args:
            entry: the test, or the phase.
            attempt: 1 for the first; reruns count up.
        """
        attempts = max(attempt, self._attempts.get(entry.id, 0))
        before = self._tests.get(entry.id)
        if attempt > 1 and entry.id in self._attempts:
            merged = self._tests[entry.id]
        elif before is None or entry.id not in self._attempts:
            merged = replace(entry, title=entry.title or (before.title if before else ""))
        else:
            kept = before if before.outcome in _BROKEN or entry.outcome is TestOutcome.PASSED else entry
            merged = replace(kept, duration_s=before.duration_s + entry.duration_s, title=before.title or entry.title)
        self._attempts[entry.id] = attempts
        self._tests[entry.id] = replace(merged, attempts=attempts)

    def record_run(self, entry: RunEntry) -> None:
        """Add a run, or replace the one of the same name with what is known now."""
        self._runs[entry.name] = entry

    def record_experiment(self, entry: ExperimentEntry) -> None:
        """Add an experiment, or replace the one of the same name with what is known now."""
        self._experiments[entry.name] = entry

    def record_criterion(self, entry: CriterionEntry) -> None:
        """Add a criterion; judging the same one on the same run again with the same outcome adds nothing."""
        verdict = entry.verdict
        key = (entry.test, entry.run, verdict.expression, verdict.confidence, verdict.outcome)
        self._criteria[key] = entry

    def record_findings(self, findings: Iterable[Finding]) -> None:
        """Add what checkers say about the manifests."""
        self._findings.update(dict.fromkeys(findings))

    def record_not_tested(self, line: str) -> None:
        """Say what a reader might think was tested and was not. Forbids nothing."""
        self._not_tested[line] = None

    def record_obstacle(self, line: str) -> None:
        """Say what forbids GO beside tests, criteria and findings."""
        self._obstacles[line] = None

    def record_interruption(self, reason: str) -> None:
        """Say that the session was cut short, and why. The first reason stays."""
        self._interruption = self._interruption or reason

    def judgment(self, *, complete: bool) -> Judgment:
        """Return the judgment that follows from what was recorded so far.

        Args:
            complete: the session has come to its end. Without that, the verdict is never GO.
        """
        criteria = tuple(self._criteria.values())
        record = Record(
            complete=complete and not self._interruption,
            tests=tuple(self._tests.values()),
            criteria=_held(criteria) if self._hold_chance else criteria,
            runs=tuple(self._runs.values()),
            findings=tuple(self._findings),
            gates=tuple(self._gates),
            obstacles=tuple(self._obstacles),
            interruption=self._interruption,
            selection=self._selection,
        )
        decision = decide(record)
        judgment = Judgment(
            outcome=decision.outcome,
            reason=decision.reason,
            complete=record.complete,
            scope=self._scope,
            criteria=worst_first(record.criteria),
            tests=record.tests,
            runs=record.runs,
            findings=record.findings,
            obstacles=decision.obstacles,
            not_tested=(*self._not_tested, *_outside(record)),
            provenance=dict(self._provenance),
            next_steps=next_steps(record, decision.outcome),
            experiments=tuple(self._experiments.values()),
        )
        if self._earlier is None:
            return judgment
        return replace(judgment, change=change_since(*self._earlier, judgment))


def _held(criteria: tuple[CriterionEntry, ...]) -> tuple[CriterionEntry, ...]:
    """Return ``criteria`` without the NO-GO that so many tests bring by chance."""
    weighed = [entry for entry in criteria if not entry.acted]
    held = iter(hold_no_go([entry.verdict for entry in weighed]))
    return tuple(entry if entry.acted else replace(entry, verdict=next(held)) for entry in criteria)


def _outside(record: Record) -> tuple[str, ...]:
    inside = record.gates_in_scope
    return tuple(
        f"The gate {gate}, listed in the settings, is outside of what was selected"
        for gate in record.gates
        if gate not in inside
    )

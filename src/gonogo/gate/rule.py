"""The rule: what a session's verdict is, and the sentence that says why. Pure; docs/judgment.md states it for users."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gonogo.gate.cause import Cause
from gonogo.gate.judgment import CriterionEntry, TestEntry, TestOutcome
from gonogo.gate.obstacles import find_obstacles
from gonogo.gate.order import distance, worst_first
from gonogo.gate.record import Record
from gonogo.gate.sentence import counted, criterion_sentence, listed, opening, plain_end
from gonogo.verdicts.verdict import Outcome, worst

__all__ = ["Decision", "decide", "judge_test"]

_BROKEN = (TestOutcome.FAILED, TestOutcome.ERROR)


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict of a session, why, and what forbids GO beside criteria and failures."""

    outcome: Outcome
    reason: str
    obstacles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Mark:
    outcome: Outcome
    sentence: str


def decide(record: Record) -> Decision:
    """Return the verdict on ``record``: the worst of its tests, its criteria and what forbids GO.

    The reason names the worst thing first and counts the others that are as bad.
    """
    obstacles = find_obstacles(record)
    marks = (
        *_stack_marks(record),
        *_criterion_marks(record),
        *_failure_marks(record),
        *(_Mark(Outcome.INCONCLUSIVE, line) for line in obstacles),
    )
    outcome = worst(mark.outcome for mark in marks) if marks else Outcome.GO
    if outcome is Outcome.GO:
        return Decision(outcome, _praise(record), obstacles)
    sentences = [mark.sentence for mark in marks if mark.outcome is outcome]
    if outcome is Outcome.INCONCLUSIVE and obstacles and not record.complete:
        # An unfinished session explains itself first: everything else may only be undecided because of it.
        sentences.sort(key=lambda sentence: sentence != obstacles[0])
    rest = f" … and {len(sentences) - 1} more" if len(sentences) > 1 else ""
    return Decision(outcome, f"{opening(plain_end(sentences[0]))}{rest}.", obstacles)


def judge_test(entry: TestEntry, criteria: tuple[CriterionEntry, ...]) -> Outcome:
    """Return what a gate test says about the service.

    Args:
        entry: the test.
        criteria: those that belong to it. Where all of them are INCONCLUSIVE, a failure is no evidence against the
            service: the measurement that the test looked at was none. Nor is it where the test asserted a run whose
            NO-GO, among all criteria of the session, may have come by chance.
    """
    if entry.outcome is TestOutcome.PASSED:
        return Outcome.GO
    if entry.outcome not in _BROKEN:
        return Outcome.INCONCLUSIVE
    if entry.cause is Cause.STACK:
        return Outcome.NO_GO
    if criteria and all(criterion.verdict.outcome is Outcome.INCONCLUSIVE for criterion in criteria):
        return Outcome.INCONCLUSIVE
    if entry.cause is Cause.ASSERTION and _rests_on_chance(entry, criteria):
        return Outcome.INCONCLUSIVE
    blames = entry.cause is Cause.ASSERTION or (
        entry.outcome is TestOutcome.FAILED and entry.cause in (Cause.OTHER, Cause.NONE)
    )
    return Outcome.NO_GO if blames else Outcome.INCONCLUSIVE


def _rests_on_chance(entry: TestEntry, criteria: tuple[CriterionEntry, ...]) -> bool:
    """Whether the test failed by a run's NO-GO that the session as a whole does not uphold.

    The reason of such a failure names the run, as the truth value of ``run.go`` does.
    """
    return any(
        verdict.outcome is Outcome.INCONCLUSIVE
        and verdict.p is not None
        and verdict.p <= 1 - verdict.confidence
        and f"{criterion.run} is {Outcome.NO_GO}" in entry.reason
        for criterion in criteria
        for verdict in (criterion.verdict,)
    ) and not any(criterion.verdict.outcome is Outcome.NO_GO for criterion in criteria)


def _stack_marks(record: Record) -> Iterator[_Mark]:
    """Yield one mark for each way in which a stack did not run, whatever number of tests met it."""
    tests: dict[str, list[str]] = {}
    for entry in record.tests:
        if entry.outcome in _BROKEN and entry.cause is Cause.STACK:
            tests.setdefault(plain_end(entry.reason) or "the stack did not run", []).append(_name(entry))
    for reason, names in tests.items():
        yield _Mark(Outcome.NO_GO, f"{reason} (in {listed(names)})")


def _criterion_marks(record: Record) -> Iterator[_Mark]:
    for entry in worst_first(record.criteria):
        if entry.verdict.outcome is not Outcome.GO:
            yield _Mark(entry.verdict.outcome, criterion_sentence(entry, record.summary(entry.run)))


def _failure_marks(record: Record) -> Iterator[_Mark]:
    """Yield the broken tests that no criterion of theirs, just as bad, explains already."""
    for entry in record.tests:
        if entry.outcome not in _BROKEN or entry.cause is Cause.STACK:
            continue
        criteria = record.criteria_of(entry.id)
        outcome = judge_test(entry, criteria)
        if any(criterion.verdict.outcome is outcome for criterion in criteria):
            continue
        what = "failed" if entry.outcome is TestOutcome.FAILED else "could not run"
        reason = plain_end(entry.reason)
        yield _Mark(outcome, f"{_name(entry)} {what}: {reason}" if reason else f"{_name(entry)} {what}")


def _praise(record: Record) -> str:
    tests = counted(len(record.tests), "gate test")
    passed = f"{tests} passed" if len(record.tests) == 1 else f"all {tests} passed"
    if not record.criteria:
        return f"{passed[0].upper()}{passed[1:]}; no criterion was measured."
    criteria = counted(len(record.criteria), "criterion")
    hold = f"{criteria} holds" if len(record.criteria) == 1 else f"All {criteria} hold"
    return f"{hold} and {passed}{_closest(record)}."


def _closest(record: Record) -> str:
    bounded = [
        entry
        for entry in worst_first(record.criteria)
        # Facts that are compared exactly sit on their limit by nature; that one is close says nothing.
        if entry.verdict.confidence < 1 and distance(entry.verdict) >= 1
    ]
    if not bounded:
        return ""
    return f"; closest to its limit: {criterion_sentence(bounded[0], record.summary(bounded[0].run))}"


def _name(entry: TestEntry) -> str:
    return entry.id.rpartition("::")[2] or entry.id

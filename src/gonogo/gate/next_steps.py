"""What to do next: the shortest way from a session's verdict to a decision, as sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gonogo.gate.figure import figure
from gonogo.gate.judgment import CriterionEntry, ReplicaUsage, RunEntry, TestEntry, TestOutcome
from gonogo.gate.obstacles import missing_gates
from gonogo.gate.order import worst_first
from gonogo.gate.record import Record
from gonogo.gate.sentence import counted, listed, plain_end, rate_of
from gonogo.manifests.findings import Severity
from gonogo.units import format_duration
from gonogo.verdicts.verdict import Outcome

__all__ = ["next_steps"]

_MOST: Final = 4
_LEFT_OUT: Final = (TestOutcome.NOT_RUN, TestOutcome.SKIPPED, TestOutcome.XFAILED, TestOutcome.DESELECTED)
_BROKEN: Final = (TestOutcome.FAILED, TestOutcome.ERROR)
_HELD_BACK: Final = 0.05
"""A replica that its CPU limit held back for more than this share of a run is named."""

_MOST_HINTS: Final = 3
_MINUTES: Final = 120.0
_HOURS: Final = 7200.0


def next_steps(record: Record, outcome: Outcome) -> tuple[str, ...]:
    """Return what to do next after a session with the verdict ``outcome``, the most urgent first, at most four."""
    if outcome is Outcome.GO:
        return ("Nothing more is needed: every criterion of this scope holds.",)
    found = [
        *_failed(record),
        *_broken(record),
        *_interrupted(record),
        *_undecided(record),
        *_left_out(record),
        *_findings(record),
    ]
    steps = tuple(dict.fromkeys(found))
    if len(steps) <= _MOST:
        return steps
    return (*steps[: _MOST - 1], f"Then see to {len(steps) - _MOST + 1} more below.")


def _failed(record: Record) -> Iterator[str]:
    """Name the runs in which criteria do not hold, with what the figures say about why in the first of them."""
    runs: dict[str, CriterionEntry] = {}
    for entry in worst_first(record.criteria):
        if entry.verdict.outcome is Outcome.NO_GO:
            runs.setdefault(entry.run, entry)
    if not runs:
        return
    first, *others = runs
    run = next((one for one in record.runs if one.name == first), None)
    hints = "; ".join(list(_hints(run))[:_MOST_HINTS]) if run else ""
    where = f"{first} and {runs[first].verdict.expression}" if first else runs[first].verdict.expression
    yield f"Mend the service and judge again. Begin with {where}" + (f": {hints}." if hints else ".")
    if others:
        yield f"Then see to {listed([name or runs[name].verdict.expression for name in others])}."


def _broken(record: Record) -> Iterator[str]:
    """Name the tests that broke although their criteria hold, or have none."""
    found = [
        entry
        for entry in record.tests
        if entry.outcome in _BROKEN and all(one.verdict.outcome is Outcome.GO for one in record.criteria_of(entry.id))
    ]
    if found:
        reason = plain_end(found[0].reason)
        yield f"See why {listed([_name(entry) for entry in found])} failed" + (f": {reason}." if reason else ".")


def _hints(run: RunEntry) -> Iterator[str]:
    restarts = sum(usage.restarts for usage in run.usage)
    if restarts:
        yield f"replicas were restarted {counted(restarts, 'time')}"
    shares = [share for usage in run.usage if (share := _held_back(usage, run)) > _HELD_BACK]
    if shares:
        yield f"the CPU limit held {counted(len(shares), 'replica')} back for {100 * max(shares):.0f} % of the time"
    yield from _failures(run.summary)


def _held_back(usage: ReplicaUsage, run: RunEntry) -> float:
    lasted = run.summary.get("duration_s")
    if usage.throttled_s is None or not isinstance(lasted, int | float) or not lasted > 0:
        return 0.0
    return min(1.0, usage.throttled_s / lasted)


def _failures(summary: Mapping[str, object]) -> Iterator[str]:
    due = summary.get("due")
    kinds = {**_counts(summary.get("errors")), **_counts(summary.get("status"))}
    bad = {kind: count for kind, count in kinds.items() if not kind.startswith(("1", "2", "3")) and count}
    if bad and isinstance(due, int | float) and due > 0:
        kind = max(bad, key=bad.__getitem__)
        what = f"were answered with {kind}" if kind.isdigit() else f"failed with {kind}"
        yield f"{figure(bad[kind] / due, 'share')} of its requests {what}"


def _counts(value: object) -> dict[str, float]:
    if not isinstance(value, Mapping):
        return {}
    return {str(key): count for key, count in value.items() if isinstance(count, int | float)}


def _interrupted(record: Record) -> Iterator[str]:
    if not record.complete:
        yield "Let the session run to its end."


def _undecided(record: Record) -> Iterator[str]:
    """Say for every run with open criteria how much more load decides them, or what spoils it.

    Where a criterion of a run does not hold, the others of it wait until that is mended.
    """
    failed = {entry.run for entry in record.criteria if entry.verdict.outcome is Outcome.NO_GO}
    runs: dict[str, list[CriterionEntry]] = {}
    for entry in worst_first(record.criteria):
        if entry.verdict.outcome is Outcome.INCONCLUSIVE and entry.run not in failed:
            runs.setdefault(entry.run, []).append(entry)
    for name, entries in runs.items():
        run = next((one for one in record.runs if one.name == name), None)
        yield from _more(name, run, entries)


def _more(name: str, run: RunEntry | None, entries: Sequence[CriterionEntry]) -> Iterator[str]:
    summary = run.summary if run else {}
    facts = summary.get("facts")
    cut_short = facts.get("cut_short") if isinstance(facts, Mapping) else ""
    if summary.get("valid") is False:
        yield f"Measure {name} again: {plain_end(_text(summary))}."
    elif cut_short:
        yield f"Let {name} run to its end: {plain_end(str(cut_short))}."
    else:
        known = [entry for entry in entries if entry.verdict.needed and entry.verdict.needed > entry.verdict.n]
        if known:
            yield f"{_amount(known, summary)} {listed([one.verdict.expression for one in known])}{_of(name)}."
        for entry in entries:
            if entry not in known:
                what = f"{entry.verdict.expression}{_of(name)}"
                yield f"See why {what} is open: no number of requests is known to decide it."


def _text(summary: Mapping[str, object]) -> str:
    return str(summary.get("invalid_reason") or "the load generator was the limit")


def _of(run: str) -> str:
    return f" of {run}" if run else ""


def _amount(entries: Sequence[CriterionEntry], summary: Mapping[str, object]) -> str:
    """Return ``40 s more at 100/s decide``; in requests where the rate is not known."""
    verb = "decide"
    attack_s, rate = summary.get("attack_s"), rate_of(summary)
    if isinstance(attack_s, int | float) and attack_s > 0 and rate > 0 and all(one.verdict.n for one in entries):
        # By the criterion's own share of the requests: one on a single target gets fewer of them a second.
        seconds = max((_missing(one) / one.verdict.n) * attack_s for one in entries)
        return f"{_span(seconds)} more at {figure(rate, '/s')} {verb}"
    more = max(_missing(one) for one in entries)
    return f"{counted(more, 'more request')} {verb}"


def _missing(entry: CriterionEntry) -> int:
    return (entry.verdict.needed or 0) - entry.verdict.n


def _span(seconds: float) -> str:
    if seconds < _MINUTES:
        return format_duration(math.ceil(seconds))
    return f"{math.ceil(seconds / 60)} min" if seconds < _HOURS else f"{math.ceil(seconds / 3600)} h"


def _left_out(record: Record) -> Iterator[str]:
    missing = missing_gates(record)
    if missing:
        yield f"Run {listed(missing)}: listed in the settings as {'a gate' if len(missing) == 1 else 'gates'}."
    tests = [_name(entry) for entry in record.tests if entry.outcome in _LEFT_OUT]
    if tests and record.complete:
        were = "was" if len(tests) == 1 else "were"
        yield f"Run {counted(len(tests), 'gate test')} that {were} left out: {listed(tests)}."


def _name(entry: TestEntry) -> str:
    return entry.id.rpartition("::")[2] or entry.id


def _findings(record: Record) -> Iterator[str]:
    for finding in record.findings:
        if finding.severity is Severity.ERROR:
            yield f"Mend {finding.source}: {plain_end(finding.mend)}."

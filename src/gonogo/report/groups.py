"""Criteria in groups: those of one test and one run together, the group with the worst of them first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gonogo.gate.claim import allowed, criterion_of
from gonogo.gate.figure import figure
from gonogo.gate.judgment import CriterionEntry, Judgment
from gonogo.gate.order import worst_first
from gonogo.verdicts.verdict import Outcome, Verdict, worst
from gonogo.verdicts.vocabulary import level_of

__all__ = ["Group", "group_criteria", "interval_text", "latency_limits", "short_test"]

_SERVICE: Final = ("", "answered", "admitted")
"""Populations of times that are the service's, not the generator's."""


@dataclass(frozen=True, slots=True)
class Group:
    """The criteria of one test on one run, worst first.

    Attributes:
        test: its node id.
        title: what the test shows, in words; empty when nobody said.
        run: name of the run; empty when the criteria rest on none.
    """

    test: str
    title: str
    run: str
    entries: tuple[CriterionEntry, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst outcome in the group."""
        return worst(entry.verdict.outcome for entry in self.entries)


def group_criteria(judgment: Judgment) -> tuple[Group, ...]:
    """Return the criteria of ``judgment`` in groups, worst first among groups and within each."""
    titles = {entry.id: entry.title for entry in judgment.tests}
    found: dict[tuple[str, str], list[CriterionEntry]] = {}
    for entry in worst_first(judgment.criteria):
        found.setdefault((entry.test, entry.run), []).append(entry)
    return tuple(Group(test, titles.get(test, ""), run, tuple(entries)) for (test, run), entries in found.items())


def interval_text(verdict: Verdict) -> str:
    """Return the interval of ``verdict`` with its confidence: ``95 % sure: 46 ms to 49 ms``, ``exact`` for facts."""
    if verdict.confidence >= 1:
        return "compared exactly"
    low, high = figure(verdict.low, verdict.unit), figure(verdict.high, verdict.unit)
    if verdict.low == math.inf:
        interval = "beyond any number"
    elif math.isinf(verdict.low) and math.isinf(verdict.high):
        interval = "no bound"
    elif math.isinf(verdict.high):
        interval = f"at least {low}"
    elif math.isinf(verdict.low):
        interval = f"at most {high}"
    else:
        interval = f"{low} to {high}"
    return f"{figure(verdict.confidence, 'share')} sure: {interval}"


def short_test(test: str, others: Sequence[str] = ()) -> str:
    """Return the name of a test without its file, unless a test of the same name stands in another of ``others``."""
    name = test.rpartition("::")[2]
    alike = {other for other in others if other.rpartition("::")[2] == name}
    return test if len(alike | {test}) > 1 or not name else name


def latency_limits(criteria: Sequence[CriterionEntry]) -> tuple[float, ...]:
    """Return the upper limits, in seconds, that ``criteria`` set to percentiles of the latency."""
    limits = []
    for entry in criteria:
        criterion = criterion_of(entry.verdict.expression)
        zone = allowed(entry.verdict)
        if criterion is not None and zone and criterion.unit == "s" and level_of(criterion.measure.name):
            limits += [zone.high] if math.isfinite(zone.high) and criterion.measure.population in _SERVICE else []
    return tuple(dict.fromkeys(limits))

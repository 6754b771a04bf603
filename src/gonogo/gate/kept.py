"""Judging a run that was kept, together with what its users did next, once the period that was asked for is over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gonogo.measures.arms import CANDIDATE, CURRENT
from gonogo.measures.judge import judge
from gonogo.measures.outcome import join_outcomes
from gonogo.runs.outcome import OUTCOMES, OutcomeEvent, read_events
from gonogo.runs.run import Run
from gonogo.runs.store import load
from gonogo.units import format_duration
from gonogo.verdicts.arms import read_arms
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.method import Method
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["joined_outcomes", "judge_kept", "judge_observed", "observed_s", "with_outcomes"]

_SUFFIX = "outcome.difference"
_DAY_S = 86_400.0


def judge_kept(
    folder: Path,
    criteria: Sequence[Criterion],
    *,
    least_s: float = 0.0,
    candidate: str = "",
    current: str = "",
    method: Method | None = None,
) -> tuple[Verdict, ...]:
    """Return what the run in ``folder`` and its outcome events say about ``criteria``.

    Args:
        folder: of the run; its events stand beside its rows.
        criteria: the claims.
        least_s: seconds that must have been observed; before, nothing is GO or NO-GO.
        candidate: model that comparisons are about, where their brackets name none.
        current: model that it is compared with.
        method: of the bounds; ANYTIME where a run that grows is judged again and again, None: as the run was measured.

    Raises:
        UsageError: there is no such run, or it lacks what a criterion needs.
    """
    run, events = with_outcomes(load(folder), folder, criteria)
    return judge_observed(run, events, criteria, least_s=least_s, candidate=candidate, current=current, method=method)


def judge_observed(
    run: Run,
    events: Sequence[OutcomeEvent],
    criteria: Sequence[Criterion],
    *,
    least_s: float = 0.0,
    candidate: str = "",
    current: str = "",
    method: Method | None = None,
) -> tuple[Verdict, ...]:
    """Return what ``run`` with its outcome ``events`` joined says about ``criteria``; see :func:`judge_kept`."""
    named = {CANDIDATE: candidate, CURRENT: current}
    labels = {**run.facts.labels, **{label: name for label, name in named.items() if name}}
    run = replace(run, facts=replace(run.facts, labels=labels))
    seen_s = observed_s(run, events)
    verdicts = tuple(judge(run, criterion, method=method) for criterion in criteria)
    if seen_s >= least_s:
        return verdicts
    why = f"{_span(seen_s)} of the {_span(least_s)} that must be observed have passed"
    return tuple(_too_early(verdict, why) for verdict in verdicts)


def with_outcomes(run: Run, folder: Path, criteria: Sequence[Criterion]) -> tuple[Run, tuple[OutcomeEvent, ...]]:
    """Return ``run`` with the events beside it as columns, those that ``criteria`` ask for at least, and the events.

    Events that nobody sent are nothing that anybody did: a kind without a single event is a column of none only where
    the file of events exists.
    """
    file = folder / OUTCOMES if folder.is_dir() else folder.with_name(OUTCOMES)
    if not file.is_file():
        return run, ()
    events = read_events(file)
    return joined_outcomes(run, events, criteria), events


def joined_outcomes(run: Run, events: Sequence[OutcomeEvent], criteria: Sequence[Criterion]) -> Run:
    """Return ``run`` with ``events`` as columns, and columns of none for the kinds that ``criteria`` ask for.

    Raises:
        UsageError: the run tells neither requests nor users apart.
    """
    wanted = [
        read_arms(criterion.measure.key, "outcome").event
        for criterion in criteria
        if str(criterion.measure).startswith(_SUFFIX)
    ]
    return join_outcomes(run, events, names=dict.fromkeys(wanted)).run


def observed_s(run: Run, events: Sequence[OutcomeEvent]) -> float:
    """Return the seconds from the run's start to its last request or to the last event, whichever is later."""
    span = run.facts.attack_s + run.facts.wait_s
    if not run.facts.started_at:
        return span
    started = datetime.fromisoformat(run.facts.started_at).astimezone(UTC)
    ends = [started + timedelta(seconds=span), *(event.moment() for event in events)]
    return (max(ends) - started).total_seconds()


def _span(seconds: float) -> str:
    """Return a duration in days where it has some, rounded down to a hundredth."""
    return f"{math.floor(seconds / _DAY_S * 100) / 100:g} d" if seconds >= _DAY_S else format_duration(seconds)


def _too_early(verdict: Verdict, why: str) -> Verdict:
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, reason=f"{why}; so far: {verdict.reason}", needed=None)

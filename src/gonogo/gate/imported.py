"""Judging what another tool measured: with what its file cannot tell, a verdict is INCONCLUSIVE rather than wrong."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gonogo.measures.judge import judge
from gonogo.runs.imports.imported import Imported, Summary
from gonogo.runs.run import Run
from gonogo.units import format_count, format_duration
from gonogo.verdicts.criterion import Between, Criterion
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["judge_imported"]


def judge_imported(imported: Imported, criterion: Criterion) -> Verdict:
    """Return what ``imported`` says about ``criterion``.

    - A summary decides nothing: without single requests nobody knows how much chance is in its figures.
    - A measure that the file cannot tell is INCONCLUSIVE.
    - Latencies that do not count from the due time can only be too small. They can show that a service is too slow,
      and never that it is fast enough.
    - Where rounding decides, nothing is decided.

    Raises:
        UsageError: the run has no such target.
    """
    if imported.summary is not None:
        return _of_summary(imported.tool, imported.summary, criterion)
    assert imported.run is not None  # noqa: S101 - it is a run or a summary
    measure = criterion.measure
    for name in (measure.name, measure.population):
        if name in imported.refused:
            return _unknown(criterion, imported.refused[name], len(imported.run.columns))
    verdict = judge(imported.run, criterion)
    if criterion.unit != "s" or verdict.outcome is Outcome.INCONCLUSIVE:
        return verdict
    if imported.resolution_s and _rounding_decides(imported.run, criterion, verdict.outcome, imported.resolution_s):
        why = f"{imported.tool} rounds latencies to {format_duration(imported.resolution_s)}, and that decides here"
        return _open(verdict, why)
    if imported.no_due_times and _rests_on_speed(criterion, verdict):
        return _open(verdict, f"{imported.no_due_times}, so that its latencies may be too small")
    return verdict


def _of_summary(tool: str, summary: Summary, criterion: Criterion) -> Verdict:
    measure = replace(criterion.measure, population="") if _plain(criterion) else criterion.measure
    found = summary.figures.get(str(measure), math.nan)
    seen = f"{tool}'s summary of {format_count(summary.requests)} requests"
    known = "has no figure for this measure" if math.isnan(found) else "gives a figure, but no single requests"
    verdict = _unknown(criterion, f"{seen} {known}, so that nobody can say how sure it is", summary.requests)
    return replace(verdict, observed=found)


def _plain(criterion: Criterion) -> bool:
    """Whether a summary's latency is the one that is asked for: tools tell those of answered requests."""
    return criterion.measure.population in ("", "answered")


def _rounding_decides(run: Run, criterion: Criterion, outcome: Outcome, resolution_s: float) -> bool:
    shifted = (_later(run, by_s) for by_s in (-resolution_s / 2, resolution_s / 2))
    return any(judge(one, criterion).outcome is not outcome for one in shifted)


def _later(run: Run, by_s: float) -> Run:
    columns = run.columns
    return replace(run, columns=replace(columns, done_s=np.maximum(columns.due_s, columns.done_s + by_s)))


def _rests_on_speed(criterion: Criterion, verdict: Verdict) -> bool:
    """Whether larger latencies than those seen could turn the verdict around."""
    claim = criterion.claim
    if isinstance(claim, Between):
        return verdict.outcome is Outcome.GO or verdict.observed < claim.low
    if claim.operator in ("<", "<="):
        return verdict.outcome is Outcome.GO
    if claim.operator in (">", ">="):
        return verdict.outcome is Outcome.NO_GO
    return True


def _unknown(criterion: Criterion, why: str, n: int) -> Verdict:
    claim = criterion.claim
    return Verdict(
        outcome=Outcome.INCONCLUSIVE,
        expression=criterion.text,
        observed=math.nan,
        low=-math.inf,
        high=math.inf,
        limit=claim.high if isinstance(claim, Between) else claim.limit,
        unit=criterion.unit,
        n=n,
        confidence=criterion.confidence,
        reason=f"{why}.",
    )


def _open(verdict: Verdict, why: str) -> Verdict:
    return replace(
        verdict,
        outcome=Outcome.INCONCLUSIVE,
        reason=f"{verdict.reason.rstrip('.')}; but {why}.",
        needed=None,
    )

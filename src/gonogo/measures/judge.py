"""Judging a run by a criterion: evidence, verdict, and what the state of the run forbids."""

from __future__ import annotations

from dataclasses import replace

from gonogo.measures.registry import evidence
from gonogo.measures.rows import failed_with, without
from gonogo.runs.run import Run
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.judge import judge as judge_evidence
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["judge"]


def judge(run: Run, criterion: Criterion) -> Verdict:
    """Return what ``run`` says about ``criterion``.

    - An INVALID run decides nothing: INCONCLUSIVE, in the name of the generator.
    - A run that was cut short can be NO-GO on what was measured, but not GO.
    - Requests that the generator itself left unsent count against GO, but no NO-GO may rest on them.

    Raises:
        UsageError: the run has no such target.
    """
    verdict = judge_evidence(criterion, evidence(run, criterion.measure))
    if not run.facts.valid:
        return _open(verdict, f"The run is INVALID, as the load generator was the limit: {run.facts.invalid_reason}")
    if verdict.outcome is Outcome.NO_GO and _rests_on_unsent(run, criterion):
        return _open(verdict, "Without the requests that the load generator itself left unsent this would not be NO-GO")
    if verdict.outcome is not Outcome.NO_GO and run.facts.cut_short:
        why = f"The run was cut short ({run.facts.cut_short})"
        return _open(verdict, f"{why}, so it cannot be GO; what was measured: {verdict.reason}")
    return verdict


def _rests_on_unsent(run: Run, criterion: Criterion) -> bool:
    unsent = failed_with(run.columns, "unsent")
    # A criterion on the lag is about the generator: there unsent requests are the matter.
    if criterion.measure.population == "lag" or not unsent.any():
        return False
    sent = evidence(without(run, unsent), criterion.measure)
    return judge_evidence(criterion, sent).outcome is not Outcome.NO_GO


def _open(verdict: Verdict, reason: str) -> Verdict:
    closed = reason if reason.endswith(".") else f"{reason}."
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, reason=closed, needed=None)

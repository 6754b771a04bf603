"""Judging a run by a criterion: evidence, verdict, and what the state of the run forbids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gonogo.measures.registry import evidence
from gonogo.measures.rows import failed_with, without
from gonogo.runs.run import Run
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.judge import judge as judge_evidence
from gonogo.verdicts.method import Method
from gonogo.verdicts.repeats import judge_repeats as judge_evidences
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["judge", "judge_repeats", "open_invalid"]

_UNSENT: Final = "Without the requests that the load generator itself left unsent this would not be NO-GO"


def judge(run: Run, criterion: Criterion, *, method: Method | None = None) -> Verdict:
    """Return what ``run`` says about ``criterion``.

    - An INVALID run decides nothing: INCONCLUSIVE, in the name of the generator.
    - A run that was cut short can be NO-GO on what was measured, but not GO.
    - Requests that the generator itself left unsent count against GO, but no NO-GO may rest on them.

    Args:
        run: what was measured.
        criterion: the claim.
        method: of the bounds; None: ANYTIME for a run that was looked at before its end, FIXED for others.

    Raises:
        UsageError: the run has no such target.
    """
    method = method or (Method.ANYTIME if run.facts.anytime else Method.FIXED)
    verdict = judge_evidence(criterion, evidence(run, criterion.measure), method=method)
    if not run.facts.valid:
        return open_invalid(run, verdict)
    if verdict.outcome is Outcome.NO_GO and _rests_on_unsent(run, criterion, method):
        return _open(verdict, _UNSENT)
    if verdict.outcome is not Outcome.NO_GO and run.facts.cut_short:
        why = f"The run was cut short ({run.facts.cut_short})"
        return _open(verdict, f"{why}, so it cannot be GO; what was measured: {verdict.reason}")
    return verdict


def judge_repeats(runs: Sequence[Run], criterion: Criterion) -> Verdict:
    """Return what several runs of the same load say about ``criterion``, with how they differ as part of the doubt.

    One INVALID run among them forbids a decision, one that was cut short forbids GO; a NO-GO that rests on unsent
    requests in one run is none.

    Raises:
        UsageError: there is no run, or a run has no such target.
    """
    verdict = judge_evidences(criterion, [evidence(run, criterion.measure) for run in runs])
    if verdict.outcome is Outcome.NO_GO and any(failed_with(run.columns, "unsent").any() for run in runs):
        sent = [evidence(without(run, failed_with(run.columns, "unsent")), criterion.measure) for run in runs]
        if criterion.measure.population != "lag" and judge_evidences(criterion, sent).outcome is not Outcome.NO_GO:
            return _open(verdict, _UNSENT)
    for run in runs:
        verdict = open_invalid(run, verdict)
        if verdict.outcome is Outcome.GO and run.facts.cut_short:
            verdict = _open(
                verdict, f"The run {run.facts.name} was cut short ({run.facts.cut_short}), so it cannot be GO"
            )
    return verdict


def open_invalid(run: Run, verdict: Verdict) -> Verdict:
    """Return ``verdict``, INCONCLUSIVE in the name of the generator when ``run`` is INVALID."""
    if run.facts.valid:
        return verdict
    return _open(verdict, f"The run is INVALID, as the load generator was the limit: {run.facts.invalid_reason}")


def _rests_on_unsent(run: Run, criterion: Criterion, method: Method) -> bool:
    unsent = failed_with(run.columns, "unsent")
    # A criterion on the lag is about the generator: there unsent requests are the matter.
    if criterion.measure.population == "lag" or not unsent.any():
        return False
    sent = evidence(without(run, unsent), criterion.measure)
    return judge_evidence(criterion, sent, method=method).outcome is not Outcome.NO_GO


def _open(verdict: Verdict, reason: str) -> Verdict:
    closed = reason if reason.endswith(".") else f"{reason}."
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, reason=closed, needed=None)

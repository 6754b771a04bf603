"""The judge: a criterion and its evidence in, a verdict out."""

from __future__ import annotations

from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import Evidence, Mean, Proportion, Quantile
from gonogo.verdicts.fact import judge_fact
from gonogo.verdicts.mean import assess_mean, judge_mean
from gonogo.verdicts.method import Method
from gonogo.verdicts.proportion import assess_proportion, is_absolute, judge_proportion
from gonogo.verdicts.quantile import assess_quantile, judge_quantile
from gonogo.verdicts.verdict import Outcome, Verdict, worst

__all__ = ["judge", "outcome_of"]


def judge(criterion: Criterion, evidence: Evidence, *, method: Method = Method.FIXED) -> Verdict:
    """Return what ``evidence`` says about ``criterion``.

    GO only when the data show that the claim holds, NO-GO only when they show that it does not, each at the
    criterion's confidence; INCONCLUSIVE otherwise, with what would decide.

    Args:
        criterion: the claim.
        evidence: the numbers that it speaks of.
        method: ANYTIME for a run that stops when its criteria are decided.
    """
    if isinstance(evidence, Proportion):
        return judge_proportion(criterion, evidence, method)
    if isinstance(evidence, Quantile):
        return judge_quantile(criterion, evidence, method)
    if isinstance(evidence, Mean):
        return judge_mean(criterion, evidence, method)
    return judge_fact(criterion, evidence)


def outcome_of(criterion: Criterion, evidence: Evidence, *, method: Method = Method.FIXED) -> Outcome:
    """Return the outcome that :func:`judge` gives, without the intervals, which cost more than the tests."""
    if isinstance(evidence, Proportion) and not is_absolute(criterion) and int(evidence.trials.sum()):
        return assess_proportion(criterion, evidence, method, forecast=False).outcome
    if isinstance(evidence, Quantile) and len(evidence.values):
        return worst(seen.outcome for _, seen in assess_quantile(criterion, evidence, method, forecast=False))
    if isinstance(evidence, Mean):
        return assess_mean(criterion, evidence, method)
    return judge(criterion, evidence, method=method).outcome

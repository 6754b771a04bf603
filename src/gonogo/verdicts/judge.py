"""The judge: a criterion and its evidence in, a verdict out."""

from __future__ import annotations

from gonogo.verdicts.claims import one_sided
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.difference import assess_difference, judge_difference
from gonogo.verdicts.evidence import Difference, Evidence, Mean, Missing, Proportion, Quantile, Slices, Split, Stability
from gonogo.verdicts.fact import judge_fact
from gonogo.verdicts.mean import assess_mean, judge_mean
from gonogo.verdicts.method import Method
from gonogo.verdicts.missing import judge_missing
from gonogo.verdicts.proportion import assess_proportion, counted, is_absolute, judge_proportion
from gonogo.verdicts.quantile import assess_quantile, judge_quantile, tail_claim, tail_counts
from gonogo.verdicts.share import is_open
from gonogo.verdicts.slices import judge_slices
from gonogo.verdicts.split import judge_split
from gonogo.verdicts.stability import judge_stability
from gonogo.verdicts.verdict import Outcome, Verdict, worst

__all__ = ["judge", "outcome_of"]


def judge(  # noqa: PLR0911 - one line for each kind of evidence
    criterion: Criterion, evidence: Evidence, *, method: Method = Method.FIXED
) -> Verdict:
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
    if isinstance(evidence, Split):
        return judge_split(criterion, evidence, method)
    if isinstance(evidence, Difference):
        return judge_difference(criterion, evidence, method)
    if isinstance(evidence, Stability):
        return judge_stability(criterion, evidence, method)
    if isinstance(evidence, Slices):
        return judge_slices(criterion, evidence, method)
    if isinstance(evidence, Missing):
        return judge_missing(criterion, evidence)
    return judge_fact(criterion, evidence)


def outcome_of(criterion: Criterion, evidence: Evidence, *, method: Method = Method.FIXED) -> Outcome:
    """Return the outcome that :func:`judge` gives, without the intervals, which cost more than the tests."""
    if _is_open(criterion, evidence, method):
        return Outcome.INCONCLUSIVE
    if isinstance(evidence, Proportion) and not is_absolute(criterion) and int(evidence.trials.sum()):
        return assess_proportion(criterion, evidence, method, forecast=False).outcome
    if isinstance(evidence, Quantile) and len(evidence.values):
        return worst(seen.outcome for _, seen in assess_quantile(criterion, evidence, method, forecast=False))
    if isinstance(evidence, Mean):
        return assess_mean(criterion, evidence, method)
    if isinstance(evidence, Difference):
        return assess_difference(criterion, evidence, method)
    return judge(criterion, evidence, method=method).outcome


def _is_open(criterion: Criterion, evidence: Evidence, method: Method) -> bool:
    """Return whether a share or a quantile is undecided however its requests depend on each other."""
    confidence, parts = criterion.confidence, one_sided(criterion.claim)
    if isinstance(evidence, Proportion) and not is_absolute(criterion) and int(evidence.trials.sum()):
        return is_open(counted(evidence), parts, confidence, method)
    if isinstance(evidence, Quantile) and len(evidence.values):
        sides = [(tail_counts(evidence, part), (tail_claim(part, evidence.level),)) for part in parts]
        return all(is_open(counts, claims, confidence, method) for counts, claims in sides)
    return False

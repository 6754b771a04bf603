"""The judge: a criterion and its evidence in, a verdict out."""

from __future__ import annotations

from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import Evidence, Mean, Proportion, Quantile
from gonogo.verdicts.fact import judge_fact
from gonogo.verdicts.mean import judge_mean
from gonogo.verdicts.proportion import judge_proportion
from gonogo.verdicts.quantile import judge_quantile
from gonogo.verdicts.verdict import Verdict

__all__ = ["judge"]


def judge(criterion: Criterion, evidence: Evidence) -> Verdict:
    """Return what ``evidence`` says about ``criterion``.

    GO only when the data show that the claim holds, NO-GO only when they show that it does not, each at the
    criterion's confidence; INCONCLUSIVE otherwise, with what would decide.
    """
    if isinstance(evidence, Proportion):
        return judge_proportion(criterion, evidence)
    if isinstance(evidence, Quantile):
        return judge_quantile(criterion, evidence)
    if isinstance(evidence, Mean):
        return judge_mean(criterion, evidence)
    return judge_fact(criterion, evidence)

"""Evidence that is not there: why nothing can be said, so that no verdict but INCONCLUSIVE follows."""

from __future__ import annotations

import math

from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import Missing
from gonogo.verdicts.ruling import rule
from gonogo.verdicts.verdict import Outcome, Verdict
from gonogo.verdicts.wording import capital

__all__ = ["judge_missing"]


def judge_missing(criterion: Criterion, evidence: Missing) -> Verdict:
    """Return INCONCLUSIVE with the reason."""
    reason = f"{capital(evidence.noun)} cannot be judged: {evidence.why}."
    anything = (0.0, 1.0) if evidence.unit == "share" else (-math.inf, math.inf)
    return rule(criterion, Outcome.INCONCLUSIVE, reason, observed=math.nan, interval=anything, n=evidence.n)

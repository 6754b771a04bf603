"""Facts: counts and extremes, compared exactly."""

from __future__ import annotations

import math

from gonogo.units import format_count, format_share
from gonogo.verdicts.binomial import ruled_out
from gonogo.verdicts.claims import holds
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import Fact
from gonogo.verdicts.ruling import rule, without_data
from gonogo.verdicts.verdict import Outcome, Verdict
from gonogo.verdicts.wording import capital, limit_text, show

__all__ = ["judge_fact"]


def judge_fact(criterion: Criterion, evidence: Fact) -> Verdict:
    """Judge a claim about a figure that is known exactly."""
    value = evidence.value
    if math.isnan(value):
        return without_data(criterion, f"the {evidence.noun}")
    outcome = holds(criterion.claim, value)
    basis = "" if evidence.unit == "count" else f" over {format_count(evidence.n)} requests"
    shown = show(value, evidence.unit) if math.isfinite(value) else "beyond any limit"
    reason = f"{capital(evidence.noun)} is {shown}{basis}, {limit_text(criterion.claim, evidence.unit)}"
    if evidence.rare and outcome is Outcome.GO:
        rate = format_share(ruled_out(evidence.n, criterion.confidence))
        sure = format_share(criterion.confidence)
        reason += f"; that worse ones make up {rate} or more in the long run is ruled out ({sure} sure)"
    return rule(criterion, outcome, f"{reason}.", observed=value, interval=(value, value), n=evidence.n, exact=True)

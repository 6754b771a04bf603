"""Population stability: how far two distributions of scores lie apart, with bounds that hold for small counts, too.

The population stability index is the sum over bins of ``(a - e) * ln(a / e)`` of the shares ``a`` and ``e`` of the two
sides (Siddiqi, Credit Risk Scorecards, Wiley 2006): Jeffreys' divergence of two histograms. Near 0 its estimate is
biased upwards and not normal, so no interval is drawn around it. In place of that each share is bounded, all of them at
once (Bonferroni), and the index is bounded by what is possible within these bounds: every bin's term is convex, so
that its largest value stands at a corner.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from gonogo.units import format_count
from gonogo.verdicts.claims import decide_all, one_sided
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import FloatArray, Stability
from gonogo.verdicts.method import Method
from gonogo.verdicts.ruling import rule, without_data
from gonogo.verdicts.verdict import Outcome, Verdict
from gonogo.verdicts.wording import bounds, limit_text, sentence, show

__all__ = ["LEAST_SHARE", "judge_stability", "stability", "stability_bounds"]

LEAST_SHARE: Final = 1e-4
"""A share counts as no less: an empty bin would make the index infinite."""


def stability(evidence: Stability) -> float:
    """Return the population stability index that was observed; NaN without a request on one side."""
    if evidence.n == 0:
        return math.nan
    a = np.maximum(evidence.live / evidence.live.sum(), LEAST_SHARE)
    e = np.maximum(evidence.shadow / evidence.shadow.sum(), LEAST_SHARE)
    return float(_terms(a, e).sum())


def judge_stability(criterion: Criterion, evidence: Stability, method: Method = Method.FIXED) -> Verdict:
    """Judge a claim about a population stability index."""
    n, observed = evidence.n, stability(evidence)
    if n == 0:
        return without_data(criterion, f"the {evidence.noun}")
    claims = one_sided(criterion.claim)
    low, high = stability_bounds(evidence, criterion.confidence, method)
    outcome = decide_all(claims, low, high)
    reason = sentence(
        f"population stability index of the {evidence.noun} is {show(observed, 'index')} over {format_count(n)} pairs",
        bounds(criterion.claim, outcome, low, high, "index"),
        limit_text(criterion.claim, "index"),
        confidence=criterion.confidence,
        tail="more requests would decide" if outcome is Outcome.INCONCLUSIVE else "",
    )
    p = 1 - criterion.confidence if outcome is Outcome.NO_GO else 1.0
    return rule(criterion, outcome, reason, observed=observed, interval=(low, high), n=n, p=p)


def stability_bounds(evidence: Stability, confidence: float, method: Method = Method.FIXED) -> tuple[float, float]:
    """Return the lower and the upper bound of the index, each at ``confidence``; at least one count on each side."""
    bins = evidence.live.size
    # Of two sides, each bin has a lower and an upper bound; one of the index's bounds needs all of them.
    each = 1 - (1 - confidence) / (4 * bins)
    sides = []
    for counts in (evidence.live, evidence.shadow):
        total = int(counts.sum())
        reach = [
            (
                method.at_least(int(count), total, each, effect=evidence.effect),
                method.at_most(int(count), total, each, effect=evidence.effect),
            )
            for count in counts
        ]
        sides.append(np.maximum(np.array(reach), LEAST_SHARE))
    (a_low, a_high), (e_low, e_high) = sides[0].T, sides[1].T
    corners = [_terms(a, e) for a in (a_low, a_high) for e in (e_low, e_high)]
    apart = np.where(a_low > e_high, _terms(a_low, e_high), np.where(e_low > a_high, _terms(a_high, e_low), 0.0))
    return float(apart.sum()), float(np.max(corners, axis=0).sum())


def _terms(a: FloatArray, e: FloatArray) -> FloatArray:
    return np.asarray((a - e) * np.log(a / e))

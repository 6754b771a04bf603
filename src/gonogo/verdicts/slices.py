"""A claim about every slice of the requests, and the worst slice named.

That the claim holds for every slice needs no correction: each slice has to show it (intersection-union test, Berger,
Multiparameter hypothesis testing and acceptance sampling, Technometrics 24, 1982). That it fails for some slice is
corrected for the number of slices that were searched (Bonferroni): among many slices one looks bad by chance.
"""

from __future__ import annotations

import math

from gonogo.units import format_count, format_share
from gonogo.verdicts.claims import one_sided
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import Proportion, Slices
from gonogo.verdicts.method import Method
from gonogo.verdicts.proportion import assess_proportion, counted
from gonogo.verdicts.ruling import rule, without_data
from gonogo.verdicts.share import Assessment, open_end
from gonogo.verdicts.verdict import Outcome, Verdict, worst
from gonogo.verdicts.wording import bounds, limit_text, sentence

__all__ = ["judge_slices", "lowest_slice"]


def judge_slices(criterion: Criterion, evidence: Slices, method: Method = Method.FIXED) -> Verdict:
    """Judge a claim about every slice."""
    if not evidence.slices:
        return without_data(criterion, f"{evidence.noun} by slices")
    searched = len(evidence.slices)
    surer = criterion.at(1 - (1 - criterion.confidence) / searched)
    seen = {one.name: _assessed(criterion, surer, one.share, method) for one in evidence.slices}
    outcome = worst(one.outcome for one in seen.values())
    upwards = one_sided(criterion.claim)[0].operator in (">", ">=")
    # The worst is the one that speaks most clearly against the claim, not the smallest with the wildest figure.
    found = min(
        evidence.slices,
        key=lambda one: (
            seen[one.name].outcome is not Outcome.NO_GO,
            seen[one.name].outcome is Outcome.GO,
            seen[one.name].share if upwards else -seen[one.name].share,
        ),
    )
    shown = seen[found.name]
    # Shown for GO is what each slice had to show; otherwise what holds for all slices at once.
    confidence = criterion.confidence if outcome is Outcome.GO else surer.confidence
    hits, trials = int(found.share.hits.sum()), int(found.share.trials.sum())
    low = method.at_least(hits, trials, confidence, effect=shown.effect)
    high = method.at_most(hits, trials, confidence, effect=shown.effect)
    reason = sentence(
        f"{evidence.noun} are {format_share(shown.share)} of {format_count(trials)} requests in the worst of "
        f"{format_count(searched)} slices, {found.name}",
        bounds(criterion.claim, outcome, low, high, "share"),
        limit_text(criterion.claim, "share"),
        confidence=criterion.confidence,
        tail=_open_end(criterion, found.share, method) if outcome is Outcome.INCONCLUSIVE else "",
    )
    p = min(1.0, min(one.p for one in seen.values()) * searched)
    return rule(criterion, outcome, reason, observed=shown.share, interval=(low, high), n=trials, p=p)


def lowest_slice(evidence: Slices, confidence: float) -> tuple[float, float, float, int]:
    """Return the lowest share of any slice, its bounds corrected for the search, and the requests of the slice."""
    if not evidence.slices:
        return math.nan, 0.0, 1.0, 0
    each = 1 - (1 - confidence) / len(evidence.slices)
    found = min(evidence.slices, key=lambda one: one.share.hits.sum() / one.share.trials.sum()).share
    hits, trials = int(found.hits.sum()), int(found.trials.sum())
    effect = counted(found).dependence(confidence).effect
    low, high = (bound(hits, trials, each, effect=effect) for bound in (Method.FIXED.at_least, Method.FIXED.at_most))
    return hits / trials, low, high, trials


def _assessed(criterion: Criterion, surer: Criterion, share: Proportion, method: Method) -> Assessment:
    """Return what a slice says: at the criterion's confidence for GO, at the corrected one for NO-GO."""
    alone = assess_proportion(criterion, share, method, forecast=False)
    if alone.outcome is not Outcome.NO_GO:
        return alone
    return assess_proportion(surer, share, method, forecast=False)


def _open_end(criterion: Criterion, share: Proportion, method: Method) -> str:
    """Return what would decide the worst slice; more of the same kind of requests decides the others, too."""
    alone = assess_proportion(criterion, share, method)
    return open_end(alone, spotless="without a single exception") or "more requests would decide which slices differ"

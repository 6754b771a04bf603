"""Shares of requests: success, statuses, errors."""

from __future__ import annotations

from gonogo.units import format_count, format_share
from gonogo.verdicts.binomial import ruled_out
from gonogo.verdicts.claims import holds, one_sided
from gonogo.verdicts.criterion import Between, Criterion
from gonogo.verdicts.evidence import Proportion
from gonogo.verdicts.method import Method
from gonogo.verdicts.ruling import rule, without_data
from gonogo.verdicts.share import Assessment, Counts, assess, open_end
from gonogo.verdicts.verdict import Verdict
from gonogo.verdicts.wording import bounds, capital, limit_text, sentence

__all__ = ["assess_proportion", "counted", "is_absolute", "judge_proportion"]


def is_absolute(criterion: Criterion) -> bool:
    """Return whether the claim is about none or all of the requests, which is a fact and not an estimate."""
    claim = criterion.claim
    limits = (claim.low, claim.high) if isinstance(claim, Between) else (claim.limit, claim.limit)
    return criterion.unit == "share" and limits in ((0.0, 0.0), (1.0, 1.0))


def judge_proportion(criterion: Criterion, evidence: Proportion, method: Method = Method.FIXED) -> Verdict:
    """Judge a claim about the share of the requests due that have a property."""
    count, total = int(evidence.hits.sum()), int(evidence.trials.sum())
    claim = criterion.claim
    if total == 0:
        return without_data(criterion, evidence.noun)
    share = count / total
    subject = f"{evidence.noun} are {format_share(share)} of {format_count(total)} requests due"
    figures = f"{format_count(count)} of them"
    if is_absolute(criterion):
        others = _ruled_out(count, total, criterion.confidence)
        reason = f"{capital(subject)} ({figures}), {limit_text(claim, 'share')}{others}."
        return rule(
            criterion, holds(claim, share), reason, observed=share, interval=(share, share), n=total, exact=True
        )
    seen = assess_proportion(criterion, evidence, method)
    low = method.at_least(count, total, criterion.confidence, effect=seen.effect)
    high = method.at_most(count, total, criterion.confidence, effect=seen.effect)
    reason = sentence(
        subject,
        bounds(claim, seen.outcome, low, high, "share"),
        limit_text(claim, "share"),
        confidence=criterion.confidence,
        figures=figures,
        tail=open_end(seen, spotless="without a single exception"),
    )
    return rule(
        criterion, seen.outcome, reason, observed=share, interval=(low, high), n=total, needed=seen.needed, p=seen.p
    )


def assess_proportion(
    criterion: Criterion, evidence: Proportion, method: Method, *, forecast: bool = True
) -> Assessment:
    """Return what the tests say of a claim that is no fact; at least one request is in the evidence."""
    counts = counted(evidence)
    return assess(counts, one_sided(criterion.claim), criterion.confidence, method=method, forecast=forecast)


def counted(evidence: Proportion) -> Counts:
    """Return the counts of a share."""
    return Counts(evidence.hits, evidence.trials, evidence.signal, evidence.parts)


def _ruled_out(count: int, total: int, confidence: float) -> str:
    """Return what an every-or-none figure rules out: 3/n at 95 %."""
    if count not in (0, total):
        return ""
    others = "they" if count == 0 else "others"
    rate = format_share(ruled_out(total, confidence))
    return f"; that {others} make up {rate} or more in the long run is ruled out ({format_share(confidence)} sure)"

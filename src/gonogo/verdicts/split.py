"""Claims about how requests, or users, are shared out among models: ``split[mode] within 2%``.

An equivalence claim. GO only when the simultaneous interval of all shares lies within their weights plus and minus the
margin; a share whose interval lies outside makes it NO-GO. The bounds of each share are exact (Clopper and Pearson,
Biometrika 26, 1934) and simultaneous by Bonferroni's inequality: with k models each holds at 1 - doubt/(k - 1). Two
models have one free share, so they need no correction; Goodman (Technometrics 7, 1965) and Sison and Glaz (JASA 90,
1995) give narrower intervals for many models, which rest on large numbers of each and not on exact chances.

What has no value in the column may have gone to any model: the bounds allow for each possibility.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from scipy.special import ndtri

from gonogo.units import format_count, format_share
from gonogo.verdicts.blocks import FEWEST_BLOCKS, measure_dependence
from gonogo.verdicts.claims import nearest_limit
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import Split
from gonogo.verdicts.method import Method
from gonogo.verdicts.ruling import rule, without_data
from gonogo.verdicts.verdict import Outcome, Verdict
from gonogo.verdicts.wording import about

__all__ = ["Shared", "judge_split", "shared_out"]

_CHANCE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Shared:
    """What is known of one model's share: simultaneous bounds, and how far they are from the weight.

    Attributes:
        low, high: simultaneous bounds, whatever became of those without a value.
    """

    label: str
    weight: float
    share: float
    low: float
    high: float

    @property
    def farthest(self) -> float:
        """The share is at most so far from the weight."""
        return max(self.high - self.weight, self.weight - self.low)

    @property
    def nearest(self) -> float:
        """The share is at least so far from the weight."""
        return max(0.0, self.low - self.weight, self.weight - self.high)


def judge_split(criterion: Criterion, evidence: Split, method: Method = Method.FIXED) -> Verdict:
    """Judge the claim that every share is within the margin of its weight."""
    n, noun = evidence.n, evidence.noun
    margin = nearest_limit(criterion.claim, 0.0)
    if n == 0:
        return without_data(criterion, f"how {noun} are shared out")
    effects = _effects(evidence, criterion.confidence, method)
    shares = _bounded(evidence, effects, criterion.confidence, method)
    observed = max(abs(one.share - one.weight) for one in shares)
    interval = (max(one.nearest for one in shares), max(one.farthest for one in shares))
    p = _against(evidence, margin, effects, method)
    figures = ", ".join(
        f"{format_share(round(one.share, 4))} {one.label} (declared {format_share(round(one.weight, 4))})"
        for one in shares
    )
    told = f"Of {format_count(n)} {noun} {figures}"
    if evidence.violations:
        reason = f"{'; '.join(evidence.violations)}. {told}."
        return rule(criterion, Outcome.NO_GO, reason, observed=observed, interval=interval, n=n, p=0.0)
    doubt = 1 - criterion.confidence
    enough = n >= FEWEST_BLOCKS
    if evidence.open_because:
        outcome = Outcome.INCONCLUSIVE
    elif p <= doubt and (enough or method is Method.FIXED):
        outcome = Outcome.NO_GO
    else:
        outcome = Outcome.GO if enough and interval[1] <= margin else Outcome.INCONCLUSIVE
    bound = f"at least {_points(interval[0])}" if outcome is Outcome.NO_GO else f"at most {_points(interval[1])}"
    reason = (
        f"{told}: off by {_points(observed)} ({format_share(criterion.confidence)} sure: {bound}), "
        f"limit {_points(margin)}"
    )
    needed = None
    if evidence.open_because:
        reason += f"; {evidence.open_because}"
    elif outcome is Outcome.INCONCLUSIVE:
        needed = _needed(evidence, shares, margin, criterion.confidence)
        more = "no number of them would decide" if needed is None else f"{about(needed - n)} more {noun} would decide"
        unknown = int(evidence.missing.sum())
        reason += f"; {format_count(unknown)} {noun} have no model in their row" if unknown else f"; {more}"
    return rule(criterion, outcome, f"{reason}.", observed=observed, interval=interval, n=n, needed=needed, p=p)


def shared_out(evidence: Split, confidence: float, method: Method = Method.FIXED) -> tuple[Shared, ...]:
    """Return what is known of every model's share, with bounds that hold for all of them at once."""
    return _bounded(evidence, _effects(evidence, confidence, method), confidence, method)


def _bounded(evidence: Split, effects: list[float], confidence: float, method: Method) -> tuple[Shared, ...]:
    n, missing = evidence.n, int(evidence.missing.sum())
    sure = 1 - (1 - confidence) / _free(evidence)
    found = []
    for place, (label, weight) in enumerate(zip(evidence.labels, evidence.weights, strict=True)):
        hits, known = int(evidence.hits[:, place].sum()), n - missing
        found.append(
            Shared(
                label,
                weight,
                share=hits / known if known else math.nan,
                low=method.at_least(hits, n, sure, effect=effects[place]),
                high=method.at_most(hits + missing, n, sure, effect=effects[place]),
            )
        )
    return tuple(found)


def _against(evidence: Split, margin: float, effects: list[float], method: Method) -> float:
    """Return the p-value of the claim: of its test by the model that speaks most clearly, times the models."""
    n, missing = evidence.n, int(evidence.missing.sum())
    least = 1.0
    for place, weight in enumerate(evidence.weights):
        hits, effect = int(evidence.hits[:, place].sum()), effects[place]
        above = method.p_above(hits, n, weight + margin, effect=effect) if weight + margin < 1 else 1.0
        below = method.p_below(hits + missing, n, weight - margin, effect=effect) if weight > margin else 1.0
        least = min(least, above, below)
    return method.against(min(1.0, _free(evidence) * least))


def _effects(evidence: Split, confidence: float, method: Method) -> list[float]:
    """Return the design effect for each model's share."""
    sure = 1 - (1 - confidence) / _free(evidence)
    trials = evidence.hits.sum(axis=1) + evidence.missing
    seen = (measure_dependence(hits, trials, sure).effect for hits in evidence.hits.T)
    return [method.widened(max(evidence.effect, effect)) for effect in seen]


def _free(evidence: Split) -> int:
    return max(1, len(evidence.labels) - 1)


def _needed(evidence: Split, shares: tuple[Shared, ...], margin: float, confidence: float) -> int | None:
    """Return how many would decide with 9 chances in 10 if the shares are as observed; None when none would."""
    sure = float(ndtri(confidence))
    times = 1.0
    for one in shares:
        gap = abs(margin - abs(one.share - one.weight))
        if gap == 0 or math.isnan(gap):
            return None
        reach = max(one.high - one.share, one.share - one.low)
        times = max(times, (reach / gap * (sure + float(ndtri(_CHANCE))) / sure) ** 2)
    return max(FEWEST_BLOCKS, evidence.n + 1, math.ceil(evidence.n * times))


def _points(share: float) -> str:
    return f"{share * 100:.2g} points" if share * 100 < 10 else f"{share * 100:.1f} points"  # noqa: PLR2004

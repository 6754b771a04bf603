"""Making a verdict of a criterion and what was found out about it."""

from __future__ import annotations

import math

from gonogo.verdicts.claims import nearest_limit
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["rule", "without_data"]


def rule(
    criterion: Criterion,
    outcome: Outcome,
    reason: str,
    *,
    observed: float,
    interval: tuple[float, float],
    n: int,
    exact: bool = False,
    needed: int | None = None,
    p: float | None = None,
) -> Verdict:
    """Return the verdict on ``criterion``; ``exact`` says that the figure was compared without any doubt in it."""
    return Verdict(
        outcome=outcome,
        expression=criterion.text,
        observed=observed,
        low=interval[0],
        high=interval[1],
        limit=nearest_limit(criterion.claim, observed),
        unit=criterion.unit,
        n=n,
        confidence=1.0 if exact else criterion.confidence,
        reason=reason,
        needed=needed,
        p=float(outcome is not Outcome.NO_GO) if exact else p,
    )


def without_data(criterion: Criterion, noun: str) -> Verdict:
    """Return the verdict when not one request tells anything: INCONCLUSIVE."""
    everything = (0.0, 1.0) if criterion.unit == "share" else (-math.inf, math.inf)
    reason = f"There is no data on {noun}: not one such request."
    return rule(criterion, Outcome.INCONCLUSIVE, reason, observed=math.nan, interval=everything, n=0)

"""Methods: bounds on a share for a run of fixed length, and bounds that hold at every moment of it."""

from __future__ import annotations

from enum import Enum
from typing import Final

from scipy.special import betainc

from gonogo.verdicts.betting import bet_share_above, bet_share_below, bound_above, bound_below
from gonogo.verdicts.binomial import lower_bound, upper_bound

__all__ = ["Method"]

_LOOKS_CAUTION: Final = 2.0


class Method(Enum):
    """How the uncertainty of a share is bounded.

    FIXED: exact, for a run whose length was set before it (Clopper and Pearson). ANYTIME: by bets, for a run that stops
    when its criteria are decided; the bounds are wider and hold at every look at once.
    """

    FIXED = "fixed"
    ANYTIME = "anytime"

    def widened(self, effect: float) -> float:
        """Return the design effect to reckon with: many looks at an estimate find it too small more often than one."""
        return effect if self is Method.FIXED else 1 + _LOOKS_CAUTION * (effect - 1)

    def at_most(self, hits: float, trials: float, confidence: float, *, effect: float = 1.0) -> float:
        """Return the share that the truth is at most, at one-sided ``confidence``."""
        bound = upper_bound if self is Method.FIXED else bound_above
        return bound(hits, trials, confidence, effect=effect)

    def at_least(self, hits: float, trials: float, confidence: float, *, effect: float = 1.0) -> float:
        """Return the share that the truth is at least, at one-sided ``confidence``."""
        bound = lower_bound if self is Method.FIXED else bound_below
        return bound(hits, trials, confidence, effect=effect)

    def p_above(self, hits: float, trials: float, limit: float, *, effect: float = 1.0) -> float:
        """Return the p-value of "the share is at most ``limit``": small when the hits show that it is above."""
        if limit <= 0:
            return 0.0
        if hits <= 0 or limit >= 1:
            return 1.0
        if self is Method.ANYTIME:
            return bet_share_above(hits, trials, limit, effect=effect)
        exact = float(betainc(hits / effect, (trials - hits) / effect + 1, limit))
        # Whatever the dependence: a share of so much comes with at most this chance (Markov's inequality).
        return min(exact, limit * trials / hits) if effect > 1 else exact

    def p_below(self, hits: float, trials: float, limit: float, *, effect: float = 1.0) -> float:
        """Return the p-value of "the share is at least ``limit``": small when the hits show that it is below."""
        if self is Method.ANYTIME and 0 < limit < 1:
            return bet_share_below(hits, trials, limit, effect=effect)
        return self.p_above(trials - hits, trials, 1 - limit, effect=effect)

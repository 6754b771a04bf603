"""Methods: bounds on a share for a run of fixed length, and bounds that hold at every moment of it."""

from __future__ import annotations

from enum import Enum
from typing import Final

from scipy.special import bdtr, betainc

from gonogo.verdicts.betting import bet_share_above, bet_share_below, bound_above, bound_below, most_hits_below
from gonogo.verdicts.binomial import (
    lower_bound,
    most_hits_within,
    requests_to_decide,
    smallest_number,
    upper_bound,
)
from gonogo.verdicts.search import first

__all__ = ["Method"]

_LOOKS_CAUTION: Final = 2.0
_LOOKS_SHARE: Final = 0.8
_EARLY_DOUBT: Final = 0.05
_CHANCE: Final = 0.9


class Method(Enum):
    """How the uncertainty of a share is bounded.

    FIXED: exact, for a run whose length was set before it (Clopper and Pearson). ANYTIME: by bets, for a run that stops
    when its criteria are decided; the bounds are wider and hold at every look at once.
    """

    FIXED = "fixed"
    ANYTIME = "anytime"

    @property
    def memory_doubt(self) -> float | None:
        """How sure the memory of the service must be known: an early look has seen few of the events that make it."""
        return None if self is Method.FIXED else _EARLY_DOUBT

    def widened(self, effect: float) -> float:
        """Return the design effect to reckon with: many looks at an estimate find it too small more often than one."""
        return effect if self is Method.FIXED else 1 + _LOOKS_CAUTION * (effect - 1)

    def against(self, p: float) -> float:
        """Return the p-value of a claim after a test that gave ``p``.

        A run that may stop spends four fifths of the doubt on looks; the last is for its end
        (:meth:`gonogo.verdicts.sequential.Sequential.conclude`).
        """
        return p if self is Method.FIXED else min(1.0, p / _LOOKS_SHARE)

    def at_the_end(self, p: float) -> float:
        """Return the p-value of a claim after the one test at the end of a run that was looked at before."""
        return p if self is Method.FIXED else min(1.0, p / (1 - _LOOKS_SHARE))

    def at_most(self, hits: float, trials: float, confidence: float, *, effect: float = 1.0) -> float:
        """Return the share that the truth is at most, at one-sided ``confidence``."""
        bound = upper_bound if self is Method.FIXED else bound_above
        return bound(hits, trials, confidence, effect=effect)

    def at_least(self, hits: float, trials: float, confidence: float, *, effect: float = 1.0) -> float:
        """Return the share that the truth is at least, at one-sided ``confidence``."""
        bound = lower_bound if self is Method.FIXED else bound_below
        return bound(hits, trials, confidence, effect=effect)

    def most_hits(self, allowed: float, trials: int, confidence: float) -> int:
        """Return the most hits of ``trials`` that show a share of at most ``allowed``; -1 when not even none does."""
        most = most_hits_within if self is Method.FIXED else most_hits_below
        return most(allowed, trials, confidence)

    def requests_to_decide(self, truth: float, allowed: float, confidence: float) -> int | None:
        """Return the requests that, with 9 chances in 10, show on which side of ``allowed`` a share of ``truth`` lies.

        None when the share is too near the limit for any number in reach.
        """
        if self is Method.FIXED:
            return requests_to_decide(truth, allowed, confidence)
        if truth == allowed:
            return None
        doubt = 1 - confidence

        def enough(trials: int) -> bool:
            if truth < allowed:
                most = self.most_hits(allowed, trials, confidence)
                return most >= 0 and float(bdtr(most, trials, truth)) >= _CHANCE
            least = first(0, trials, lambda hits: self.against(self.p_above(hits, trials, allowed)) <= doubt)
            return least <= trials and 1 - float(bdtr(least - 1, trials, truth)) >= _CHANCE

        return smallest_number(1, enough)

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

"""Hochberg's method: a session of many criteria refuses a good service no more often than one criterion would.

GO needs every criterion, so that many of them need no correction. Of many NO-GO verdicts some may come by chance. The
limits are Holm's (Scandinavian Journal of Statistics 6 (1979), 65-70), read from the largest p down: Y. Hochberg, A
sharper Bonferroni procedure for multiple tests of significance, Biometrika 75 (1988), 800-802. So where every
criterion of a run is refuted alone, as they are when a service dies in it, all of that stands. It holds for tests that
are independent, as those of different runs, or positively dependent, as those that the same requests break; S. K.
Sarkar, Annals of Statistics 26 (1998), 494-504.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gonogo.units import format_count
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["hochberg", "hold_no_go"]


def hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return the adjusted p-values, in the order given: at most alpha where the hypothesis is rejected at alpha."""
    adjusted, best = [0.0] * len(p_values), 1.0
    largest_first = sorted(range(len(p_values)), key=p_values.__getitem__, reverse=True)
    for rank, index in enumerate(largest_first, start=1):
        best = min(best, rank * p_values[index])
        adjusted[index] = best
    return tuple(adjusted)


def hold_no_go(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Return the verdicts of a session, in order, without the NO-GO that so many tests bring by chance.

    Every tested criterion counts, whatever its outcome. Such a NO-GO becomes INCONCLUSIVE and says why; facts, which
    nothing was tested for, stay as they are.
    """
    tested = [index for index, verdict in enumerate(verdicts) if _tested(verdict)]
    adjusted = dict(zip(tested, hochberg([verdicts[index].p or 0.0 for index in tested]), strict=True))
    return tuple(
        _held(verdict, adjusted[index], len(tested)) if index in adjusted else verdict
        for index, verdict in enumerate(verdicts)
    )


def _tested(verdict: Verdict) -> bool:
    return verdict.p is not None and verdict.confidence < 1


def _held(verdict: Verdict, adjusted: float, tests: int) -> Verdict:
    if verdict.outcome is not Outcome.NO_GO or adjusted <= 1 - verdict.confidence:
        return verdict
    reason = (
        f"{verdict.reason} Alone this is NO-GO; among the {format_count(tests)} criteria of the session one such "
        f"figure may come by chance (p {verdict.p:.2g}, adjusted after Hochberg {adjusted:.2g})."
    )
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, reason=reason)

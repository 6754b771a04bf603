"""The three outcomes of a judgement, and a verdict: an outcome with its evidence and its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gonogo.errors import UndecidedError

__all__ = ["Outcome", "Verdict", "worst"]


class Outcome(StrEnum):
    """GO needs data that show the criterion holds; NO-GO needs data that show it does not; the rest is neither."""

    GO = "GO"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "INCONCLUSIVE"


_SEVERITY = {Outcome.GO: 0, Outcome.INCONCLUSIVE: 1, Outcome.NO_GO: 2}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst of ``outcomes`` (NO-GO, then INCONCLUSIVE, then GO); INCONCLUSIVE when there are none."""
    return max(outcomes, key=_SEVERITY.__getitem__, default=Outcome.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the data say about one criterion.

    ``observed``, ``low``, ``high`` and ``limit`` share the criterion's unit: seconds for latencies, 0 to 1 for
    shares, per second for rates, plain numbers for counts. An interval may be open (``-inf``, ``inf``); ``observed``
    is NaN where nothing was observed.

    Attributes:
        expression: the criterion in canonical text.
        unit: ``s``, ``share``, ``/s`` or ``count``: how to show the numbers.
        n: requests (or users, or blocks) that the verdict rests on.
        confidence: one-sided confidence of the bounds; 1.0 for facts that are compared exactly.
        reason: one plain sentence, with what would decide an INCONCLUSIVE one.
        needed: requests of the same kind that would decide with 9 chances in 10 if the truth is as observed; None
            when decided, or when no number would.
        p: the chance of data that speak so clearly against the criterion, or more, if it holds (the p-value of the
            test that NO-GO rests on); 0 or 1 for facts, None where nothing was tested.
    """

    outcome: Outcome
    expression: str
    observed: float
    low: float
    high: float
    limit: float
    unit: str
    n: int
    confidence: float
    reason: str
    needed: int | None = None
    p: float | None = None

    def __bool__(self) -> bool:
        """Return True for GO, False for NO-GO.

        Raises:
            UndecidedError: the verdict is INCONCLUSIVE, so that ``not``, ``or`` and ``if`` cannot make a pass of it.
        """
        if self.outcome is Outcome.INCONCLUSIVE:
            raise UndecidedError(
                f"{self.expression} is INCONCLUSIVE: {self.reason}",
                mend="judge it with require=, or look at .outcome",
            )
        return self.outcome is Outcome.GO

"""A criterion: a measure, a comparison and a limit, and nothing of the run that it will be judged on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from gonogo.errors import GrammarError, UsageError
from gonogo.verdicts.limits import canonical_limit

__all__ = ["DEFAULT_CONFIDENCE", "Between", "Comparison", "Criterion", "MeasureName", "Operator"]

DEFAULT_CONFIDENCE: Final = 0.95
"""One-sided confidence of a criterion that names none."""

Operator = Literal["<", "<=", ">", ">=", "==", "!="]


@dataclass(frozen=True, slots=True)
class MeasureName:
    """Which quantity a criterion speaks of: ``population.name[key]``.

    ``p99[POST /predict]`` has the key ``POST /predict``; ``answered.p99`` the population ``answered``;
    ``status[503]`` the key ``503``. What names, keys and populations exist is the measures' concern.
    """

    name: str
    population: str = ""
    key: str = ""

    def __str__(self) -> str:
        head = f"{self.population}.{self.name}" if self.population else self.name
        return f"{head}[{self.key}]" if self.key else head


@dataclass(frozen=True, slots=True)
class Comparison:
    """``measure operator limit``; the limit in the measure's unit."""

    operator: Operator
    limit: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.limit):
            raise GrammarError(f"{self.limit} is no limit", mend="give a finite number")


@dataclass(frozen=True, slots=True)
class Between:
    """``measure between low and high``, both ends included."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise GrammarError(
                f"between {self.low} and {self.high} holds no value", mend="write the smaller limit first"
            )


@dataclass(frozen=True, slots=True)
class Criterion:
    """A claim about what a stack does under a load.

    Attributes:
        unit: ``s``, ``share``, ``/s`` or ``count``: the unit that the limit was written in.
        confidence: one-sided, above 0.5 and below 1.
        text: canonical text, as it stands in judgments.
    """

    measure: MeasureName
    claim: Comparison | Between
    unit: str
    text: str
    confidence: float = field(default=DEFAULT_CONFIDENCE)

    def __post_init__(self) -> None:
        if not 0.5 < self.confidence < 1:  # noqa: PLR2004
            raise GrammarError(
                f"{self.confidence} is no confidence",
                where=self.text,
                mend="give a number above 0.5 and below 1",
            )

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        """Refuse to be a truth value, so that ``and``, ``or``, ``not`` and ``a < x < b`` cannot swallow a criterion.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            "a criterion is a claim and neither true nor false",
            where=self.text,
            mend="give require= a list of criteria, and write .between(low, high) for a range",
        )

    def at(self, confidence: float) -> Criterion:
        """Return the same claim at another one-sided confidence."""
        claim = self.text.removesuffix(_at(self.confidence))
        return replace(self, confidence=confidence, text=f"{claim}{_at(confidence)}")


def _at(confidence: float) -> str:
    return "" if confidence == DEFAULT_CONFIDENCE else f" at {canonical_limit(confidence, 'share')}"

"""Criteria as Python expressions: ``latency.p99 <= 50 * ms`` is the criterion that ``"p99 <= 50ms"`` says.

An expression is written as text and read by the grammar, so both have the same words, checks and canonical form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from gonogo.verdicts.arms import COLUMN, USER, Arms, read_arms
from gonogo.verdicts.criterion import DEFAULT_CONFIDENCE, Criterion, MeasureName
from gonogo.verdicts.grammar import parse, parse_measure
from gonogo.verdicts.limits import canonical_limit
from gonogo.verdicts.vocabulary import look_up

__all__ = [
    "BreakerExpressions",
    "Expression",
    "KeyedExpressions",
    "OutcomeExpressions",
    "PopulationExpressions",
    "admitted",
    "answered",
    "breaker",
    "difference",
    "errors",
    "goodput",
    "lag",
    "latency",
    "moves",
    "outcome",
    "percent",
    "queued",
    "requests",
    "routed",
    "split",
    "status",
    "success",
    "throughput",
]

percent: Final = 0.01
"""``99.9 * percent`` is the share 0.999."""


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A measure to compare with a limit in its unit: seconds, 0 to 1, per second, or a count.

    A comparison gives a :class:`Criterion`. It is a claim, to be given to ``require=``: as a truth value it raises.
    """

    measure: MeasureName
    confidence: float = DEFAULT_CONFIDENCE

    def of(self, key: str) -> Expression:
        """Return the measure of one target only: ``latency.p99.of("POST /predict")``."""
        return replace(self, measure=replace(self.measure, key=key))

    def at(self, confidence: float) -> Expression:
        """Return the measure, to be judged at another one-sided confidence: ``latency.p99.at(0.99)``."""
        return replace(self, confidence=confidence)

    def between(self, low: float, high: float) -> Criterion:
        """Return the claim that the whole uncertainty lies within the two limits.

        Raises:
            GrammarError: the range can never be shown, or holds for every run.
        """
        return self._parsed(f"between {self._limit(low)} and {self._limit(high)}")

    def within(self, margin: float) -> Criterion:
        """Return the claim that every share lies within ``margin`` of its weight: ``split("mode").within(0.02)``.

        Raises:
            GrammarError: the measure is no split.
        """
        return self._parsed(f"within {self._limit(margin)}")

    def __le__(self, limit: float) -> Criterion:
        return self._parsed(f"<= {self._limit(limit)}")

    def __lt__(self, limit: float) -> Criterion:
        return self._parsed(f"< {self._limit(limit)}")

    def __ge__(self, limit: float) -> Criterion:
        return self._parsed(f">= {self._limit(limit)}")

    def __gt__(self, limit: float) -> Criterion:
        return self._parsed(f"> {self._limit(limit)}")

    def __eq__(self, limit: float) -> Criterion:  # type: ignore[override]  # a comparison makes a claim here
        return self._parsed(f"== {self._limit(limit)}")

    def __ne__(self, limit: float) -> Criterion:  # type: ignore[override]  # likewise
        return self._parsed(f"!= {self._limit(limit)}")

    __hash__ = None  # type: ignore[assignment]  # what compares to a claim cannot be looked up

    def _parsed(self, comparison: str) -> Criterion:
        return parse(f"{self.measure} {comparison}").at(self.confidence)

    def _limit(self, limit: float) -> str:
        entry = look_up(self.measure)
        # 57 * ms and 99.9 * percent are off by a rounding error from the limits that the text says.
        return canonical_limit(float(f"{limit:.12g}"), entry.unit if entry else "count")


class PopulationExpressions:
    """Times over one population of requests: ``latency.p99``, ``answered.mean``, ``queued.max``."""

    def __init__(self, population: str) -> None:
        self._population = population

    def __getattr__(self, name: str) -> Expression:
        """Return the measure ``name`` of this population: ``p50`` to ``p999``, ``mean``, ``min``, ``max``.

        Raises:
            AttributeError: ``name`` is private.
            GrammarError: there is no such measure.
        """
        if name.startswith("_"):
            raise AttributeError(name)
        text = f"{self._population}.{name}" if self._population else name
        return Expression(parse_measure(text))


class KeyedExpressions(Expression):
    """Shares by a key: ``status[503]``, ``errors["timeout"]``; ``errors`` alone is the share of all of them."""

    __slots__ = ()
    __hash__ = None

    def __getitem__(self, key: int | str) -> Expression:
        return self.of(str(key))


class OutcomeExpressions:
    """What users did next: ``outcome("click", candidate="iris_rf.onnx", current="iris_svc.onnx").difference >= -0.01``.

    Args:
        arms: event, columns and models.
    """

    def __init__(self, arms: Arms) -> None:
        self._arms = arms

    @property
    def difference(self) -> Expression:
        """The candidate's share of users with the event minus the current model's."""
        return Expression(MeasureName("outcome.difference", key=str(self._arms)))


class BreakerExpressions:
    """What the circuit breaker did: ``breaker.rejected <= 60 * percent``, ``breaker.only_breaker_errors == 1``."""

    rejected: Final = Expression(MeasureName("breaker.rejected"))
    only_breaker_errors: Final = Expression(MeasureName("breaker.only_breaker_errors"))


def routed(header: str, to: str) -> Criterion:
    """Return the claim that requests with a header, and they alone, go there: ``routed("target: mountain", "plant")``.

    Args:
        header: ``Name: value``.
        to: a Service (``name`` or ``namespace/name``) or a subset.

    Raises:
        GrammarError: it is no header, or no name.
    """
    return parse(f"routed[{header} -> {to}] == 100%")


def split(column: str, weights: Mapping[str, float] | None = None, *, by: str = "") -> Expression:
    """Return the split of requests by ``column``, to hold against weights: ``split("mode").within(0.02)``.

    Args:
        column: of the run, whose values tell the models apart.
        weights: of its values; those of the acting policy when they are left out.
        by: column that tells users apart; users are counted then, and must not change models.

    Raises:
        GrammarError: a name or a weight cannot be used.
    """
    arms = read_arms(str(Arms(column, by, weights=tuple((weights or {}).items()))), "split")
    return Expression(MeasureName("split", key=str(arms)))


def moves(column: str, *, by: str = USER) -> Expression:
    """Return how often the user who changed models most did so: ``moves("mode") <= 1``."""
    return Expression(MeasureName("moves", key=str(read_arms(str(Arms(column, by)), "moves"))))


def difference(measure: str, *, candidate: str, current: str, column: str = COLUMN) -> Expression:
    """Return the candidate's figure minus the current model's, of ``success`` or a percentile such as ``p99``.

    Raises:
        GrammarError: there is no such difference.
    """
    return Expression(parse_measure(f"{measure}.difference[{column}: {candidate} vs {current}]"))


def outcome(
    event: str, *, candidate: str = "", current: str = "", column: str = COLUMN, by: str = USER
) -> OutcomeExpressions:
    """Return what is known of the outcome ``event``; without models, the run's own labels name them."""
    return OutcomeExpressions(Arms(column, by, candidate=candidate, current=current, event=event))


latency: Final = PopulationExpressions("")
answered: Final = PopulationExpressions("answered")
admitted: Final = PopulationExpressions("admitted")
queued: Final = PopulationExpressions("queued")
lag: Final = PopulationExpressions("lag")
success: Final = Expression(MeasureName("success"))
throughput: Final = Expression(MeasureName("throughput"))
requests: Final = Expression(MeasureName("requests"))
goodput: Final = Expression(MeasureName("goodput"))
breaker: Final = BreakerExpressions()
status: Final = KeyedExpressions(MeasureName("status"))
errors: Final = KeyedExpressions(MeasureName("errors"))

"""A measure of a run, observed: its value and interval; compared with a limit, a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gonogo.measures.judge import judge
from gonogo.measures.registry import evidence
from gonogo.runs.run import Run
from gonogo.verdicts.criterion import Comparison, Criterion, MeasureName, Operator
from gonogo.verdicts.estimate import estimate
from gonogo.verdicts.grammar import parse_measure
from gonogo.verdicts.limits import canonical_limit
from gonogo.verdicts.verdict import Verdict

__all__ = ["Keyed", "Observed", "Population"]


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """A measure with its two-sided 90 % interval, in its own unit: seconds, 0 to 1, per second, or a count.

    A comparison gives a :class:`Verdict`, which raises as a truth value when it is undecided. It is not written into
    the judgment: ``require`` is.
    """

    run: Run = field(repr=False)
    measure: MeasureName
    value: float
    low: float
    high: float
    unit: str

    @classmethod
    def of(cls, run: Run, measure: str | MeasureName) -> Observed:
        """Return ``measure`` of ``run``.

        Raises:
            GrammarError: there is no such measure.
            UsageError: the run has no such target, status or column.
        """
        name = parse_measure(measure) if isinstance(measure, str) else measure
        seen = estimate(evidence(run, name))
        return cls(run, name, seen.value, seen.low, seen.high, seen.unit)

    def __le__(self, limit: float) -> Verdict:
        return self._judge("<=", limit)

    def __lt__(self, limit: float) -> Verdict:
        return self._judge("<", limit)

    def __ge__(self, limit: float) -> Verdict:
        return self._judge(">=", limit)

    def __gt__(self, limit: float) -> Verdict:
        return self._judge(">", limit)

    def __float__(self) -> float:
        return self.value

    def _judge(self, operator: Operator, limit: float) -> Verdict:
        text = f"{self.measure} {operator} {canonical_limit(limit, self.unit)}"
        return judge(self.run, Criterion(self.measure, Comparison(operator, limit), self.unit, text))


class Population:
    """Quantiles and extremes of a time over one population of requests: ``.p50`` to ``.p999``, ``.mean``, ``.max``."""

    def __init__(self, run: Run, population: str) -> None:
        self._run = run
        self._population = population

    def __getattr__(self, name: str) -> Observed:
        """Return the measure ``name`` of this population.

        Raises:
            AttributeError: there is no such measure.
        """
        if name.startswith("_"):
            raise AttributeError(name)
        measure = parse_measure(name)
        return Observed.of(self._run, replace(measure, population=self._population))


class Keyed:
    """Shares by a key: a status or a kind of failure."""

    def __init__(self, run: Run, name: str) -> None:
        self._run = run
        self._name = name

    def __getitem__(self, key: int | str) -> Observed:
        return Observed.of(self._run, MeasureName(self._name, key=str(key)))

"""A run as a suite sees it: its verdict, its figures, and criteria judged afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gonogo.errors import UndecidedError, UsageError
from gonogo.measures.judge import judge, judge_repeats
from gonogo.runs.run import Columns, Run, RunFacts
from gonogo.runs.summary import summarize
from gonogo.suite.observed import Keyed, Observed, Population
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Outcome, Verdict, worst

__all__ = ["JudgedRun", "RunVerdict"]


class RunVerdict:
    """The verdicts of a run's criteria together: true for GO, false for NO-GO, and neither raises."""

    def __init__(self, name: str, verdicts: Sequence[Verdict]) -> None:
        self.name = name
        self.verdicts = tuple(verdicts)

    @property
    def outcome(self) -> Outcome:
        """The worst of the criteria's outcomes."""
        return worst(verdict.outcome for verdict in self.verdicts)

    def __bool__(self) -> bool:
        """Return True for GO, False for NO-GO.

        Raises:
            UsageError: the run has no criteria, so there is nothing to be true.
            UndecidedError: a criterion is INCONCLUSIVE and none is NO-GO.
        """
        if not self.verdicts:
            raise UsageError(
                "the run has no criteria: it is an observation", where=self.name, mend="give require=, or look at it"
            )
        if self.outcome is Outcome.INCONCLUSIVE:
            raise UndecidedError(repr(self))
        return self.outcome is Outcome.GO

    def __repr__(self) -> str:
        """Return the outcome and a line for every criterion that does not hold, or for all when all hold."""
        wrong = [verdict for verdict in self.verdicts if verdict.outcome is not Outcome.GO]
        lines = [f"{verdict.outcome}: {verdict.expression}: {verdict.reason}" for verdict in wrong or self.verdicts]
        return "\n".join([f"{self.name} is {self.outcome}", *lines])


class JudgedRun:
    """One measured load with the verdicts of its criteria.

    Args:
        run: what was measured.
        record: writes verdicts down in the session's judgment.
        repeats: all runs of the same load, when there were several: they are judged together, and figures are those
            of the last.
    """

    def __init__(self, run: Run, record: Callable[[Sequence[Verdict]], None], *, repeats: Sequence[Run] = ()) -> None:
        self._run = run
        self._repeats = tuple(repeats)
        self._record = record
        self._verdicts: tuple[Verdict, ...] = ()

    @property
    def name(self) -> str:
        """Name of the run in the judgment."""
        return self._run.facts.name

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every measured run behind the verdict: one, or all repeats."""
        return self._repeats or (self._run,)

    @property
    def go(self) -> RunVerdict:
        """The verdict on all criteria required so far; write ``assert run.go``."""
        return RunVerdict(self.name, self._verdicts)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict of every criterion required so far, in order."""
        return self._verdicts

    @property
    def facts(self) -> RunFacts:
        """What holds for the run as a whole: whether it is valid, how long it was."""
        return self._run.facts

    @property
    def columns(self) -> Columns:
        """The requests, one element each."""
        return self._run.columns

    @property
    def summary(self) -> Mapping[str, object]:
        """What summary.json says."""
        return summarize(self._run)

    def require(self, *criteria: str | Criterion) -> RunVerdict:
        """Judge further criteria on this run and write them into the judgment.

        Returns:
            The verdict on these criteria alone.
        """
        parsed = [parse(one) if isinstance(one, str) else one for one in criteria]
        if self._repeats:
            return self.take([judge_repeats(self._repeats, one) for one in parsed])
        return self.take([judge(self._run, one) for one in parsed])

    def take(self, verdicts: Sequence[Verdict]) -> RunVerdict:
        """Write verdicts on this run into the judgment, and return them together."""
        self._record(verdicts)
        self._verdicts += tuple(verdicts)
        return RunVerdict(self.name, verdicts)

    def __getitem__(self, measure: str) -> Observed:
        """Return a measure by its text, such as ``run["p99[POST /predict]"]``. It observes and gates nothing."""
        return Observed.of(self._run, measure)

    @property
    def latency(self) -> Population:
        """Latency of all requests due, from the due time; one without a success is slower than any limit."""
        return Population(self._run, "")

    @property
    def answered(self) -> Population:
        """Latency of the answered requests only."""
        return Population(self._run, "answered")

    @property
    def admitted(self) -> Population:
        """Latency of the requests that no breaker turned away."""
        return Population(self._run, "admitted")

    @property
    def queued(self) -> Population:
        """Time that requests waited for a free connection."""
        return Population(self._run, "queued")

    @property
    def lag(self) -> Population:
        """How late the generator itself sent."""
        return Population(self._run, "lag")

    @property
    def success(self) -> Observed:
        """Share of the requests due that succeeded."""
        return self["success"]

    @property
    def throughput(self) -> Observed:
        """Successes per second, waiting for the last answer included."""
        return self["throughput"]

    @property
    def goodput(self) -> Observed:
        """Successes per second while the load was offered."""
        return self["goodput"]

    @property
    def status(self) -> Keyed:
        """Share of the requests due by status: ``run.status[503]``."""
        return Keyed(self._run, "status")

    @property
    def errors(self) -> Keyed:
        """Share of the requests due by kind of failure: ``run.errors["timeout"]``."""
        return Keyed(self._run, "errors")

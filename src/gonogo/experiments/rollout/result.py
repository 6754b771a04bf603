"""What came of a rollout: its steps with weights, decisions and verdicts, and the entry in the judgment."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.experiments.rollout.decision import Action, Decision
from gonogo.experiments.rollout.plan import RolloutPlan
from gonogo.gate.experiment import ExperimentEntry
from gonogo.gate.experiment import Step as EntryStep
from gonogo.suite.run import JudgedRun, RunVerdict
from gonogo.units import format_count, format_duration
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["RolloutResult", "StepRecord"]

_OUTCOMES = {Action.STEP: Outcome.GO, Action.ROLLBACK: Outcome.NO_GO, Action.HOLD: Outcome.INCONCLUSIVE}


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One weight and what it led to.

    Attributes:
        percent: the candidate's weight.
        at_s: when it began to act, seconds into the load.
        elapsed_s: until the decision.
        requests: that were looked at.
        of_candidate: those of them that the candidate got.
        verdicts: on the step's criteria.
        acted_s: from the decision until the next weights acted; NaN when nothing was done.
    """

    percent: int
    at_s: float
    elapsed_s: float
    requests: int
    of_candidate: int
    verdicts: tuple[Verdict, ...]
    decision: Decision
    acted_s: float


@dataclass(frozen=True, slots=True)
class RolloutResult:
    """A rollout that is over.

    Attributes:
        run: all requests of it; an observation.
        verdicts: all that was judged: each criterion where it was judged last, lost requests, moves of users.
    """

    plan: RolloutPlan
    steps: tuple[StepRecord, ...]
    run: JudgedRun
    verdicts: tuple[Verdict, ...]

    @property
    def action(self) -> Action:
        """The last decision: ``step`` when the candidate has got everything, else ``hold`` or ``rollback``."""
        return self.steps[-1].decision.action

    @property
    def percent(self) -> int:
        """The weight that the candidate has in the end."""
        return 0 if self.action is Action.ROLLBACK else self.steps[-1].percent

    @property
    def go(self) -> RunVerdict:
        """The verdict on the rollout; write ``assert done.go``."""
        return RunVerdict(self.run.name, self.verdicts)

    @property
    def conclusion(self) -> str:
        """What came of it, as one sentence."""
        last = self.steps[-1]
        where = f"{self.plan.service}: {self.plan.candidate}"
        if self.action is Action.ROLLBACK:
            return (
                f"{where} was rolled back from {last.percent} %, {format_duration(last.elapsed_s)} into the step and "
                f"{format_duration(last.acted_s)} after the decision, having had "
                f"{format_count(last.of_candidate)} requests of it. {last.decision.reason}"
            )
        if self.action is Action.HOLD:
            return f"{where} is held at {last.percent} %: {last.decision.reason}"
        return f"{where} went to {last.percent} % in {format_duration(last.at_s + last.elapsed_s)}."

    def entry(self, name: str, test: str) -> ExperimentEntry:
        """Return what the judgment shows."""
        return ExperimentEntry(name, test, "rollout", self.conclusion, tuple(map(self._step, self.steps)))

    def _step(self, record: StepRecord) -> EntryStep:
        weights = ", ".join(f"{name} {weight}" for name, weight in self.plan.weights(record.percent).items())
        figures = (
            ("Decision", str(record.decision.action)),
            ("After", format_duration(record.elapsed_s)),
            ("Requests", format_count(record.requests)),
            (f"Of {self.plan.candidate}", format_count(record.of_candidate)),
            *((verdict.expression, str(verdict.outcome)) for verdict in record.verdicts),
        )
        outcome = _OUTCOMES[record.decision.action]
        return EntryStep(record.at_s, f"weights {weights}", figures, outcome, record.decision.reason, self.run.name)

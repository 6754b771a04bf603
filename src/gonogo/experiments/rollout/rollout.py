"""Acting: one load, weights that change under it, and what the decisions say about each."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Required, TypedDict, Unpack

import numpy as np

from gonogo.errors import EnvironmentFault, UsageError
from gonogo.experiments.rollout.decision import Action, Seen, decide
from gonogo.experiments.rollout.plan import STEPS, Require, RolloutPlan, Step, read_plan
from gonogo.experiments.rollout.result import RolloutResult, StepRecord
from gonogo.experiments.rollout.subsets import SubsetLog
from gonogo.gate.judgment import CriterionEntry
from gonogo.load.target import Target
from gonogo.measures.arms import SUBSET
from gonogo.measures.judge import judge, open_invalid
from gonogo.measures.sequential import Load as WatchedLoad
from gonogo.measures.sequential import Watch
from gonogo.runs.run import Columns, Run, RunFacts
from gonogo.suite.live import LiveLoad
from gonogo.suite.load import Load
from gonogo.suite.recorder import Observing, Recorder
from gonogo.suite.run import JudgedRun
from gonogo.suite.stack import Stack
from gonogo.units import parse_duration
from gonogo.verdicts.arms import USER
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Verdict
from gonogo.verdicts.vocabulary import look_up

__all__ = ["Rollout", "RolloutOptions"]

_LOOK_S: Final = 0.2
_AFTER_S: Final = 2.0
_SPARE_S: Final = 30.0
Targets = Target | Iterable[Target]


class RolloutOptions(TypedDict, total=False):
    """The options of a rollout. Durations are seconds, or text such as ``"5s"``.

    Attributes:
        service: whose weights change.
        current: subset that has the requests now.
        candidate: subset that shall have them.
        rate: requests per second, all the time.
        require: the criteria of every step, or a mapping from a step's weight to its own.
        steps: the candidate's weights, per cent; 1, 5, 25, 50 and 100 by default.
        least: shortest time of a step; 5 s by default, before which nothing is GO.
        most: longest time of a step, after which an undecided rollout holds; 60 s by default.
        warmup: load before the first step, all of it at the current model; 1 s by default.
        timeout: of a request; 10 s by default.
        connections: the most that are open at once; 256 by default.
        seed: of users and targets; 0 by default.
        name: in the judgment; ``rollout`` by default.
    """

    service: Required[str]
    current: Required[str]
    candidate: Required[str]
    rate: Required[float]
    require: Required[Require | Mapping[int, Require]]
    steps: Sequence[int]
    least: float | str
    most: float | str
    warmup: float | str
    timeout: float | str
    connections: int
    seed: int
    name: str


class Rollout:
    """Rolls a candidate out; the ``rollout`` fixture is one, bound to its test.

    Args:
        make_load: makes the load of a recorder.
        recorder: the session's.
        test: node id of the test.
        stack: whose traffic rules change.
    """

    def __init__(self, make_load: Callable[[Recorder], Load], recorder: Recorder, test: str, stack: Stack) -> None:
        self._load = make_load(Observing(recorder))
        self._recorder = recorder
        self._test = test
        self._stack = stack

    def __call__(self, *targets: Targets, **options: Unpack[RolloutOptions]) -> RolloutResult:
        """Roll the candidate out under one load, and write down what was decided.

        The rules are those of the manifests again when it is over.

        Raises:
            UsageError: an option cannot be used, or no traffic rules act; nothing was sent.
            EnvironmentFault: the proxy does not act on changed weights.
        """
        plan = read_plan(
            options["service"],
            options["current"],
            options["candidate"],
            steps=tuple(options.get("steps", STEPS)),
            require=options["require"],
            least_s=parse_duration(options.get("least", 5.0)),
            most_s=parse_duration(options.get("most", 60.0)),
        )
        rate, name = float(options["rate"]), options.get("name", "rollout")
        timeout_s = parse_duration(options.get("timeout", 10.0))
        traffic = self._stack.traffic
        # Everything is at the current model before the first request is sent.
        traffic.set_weights(plan.service, plan.weights(0), why="the rollout begins")
        try:
            log = SubsetLog(traffic.log.path)
            with self._load.running(
                *targets,
                # As a profile, which no profile of a session shortens: the rollout itself ends the load.
                rate=f"{rate:g} for {plan.most_s + _AFTER_S + _SPARE_S:g}s",
                warmup=options.get("warmup", 1.0),
                timeout=timeout_s,
                connections=options.get("connections", 256),
                seed=options.get("seed", 0),
                name=name,
                decides=[criterion for step in plan.steps for criterion in step.criteria],
            ) as live:
                acting = _Acting(self._stack, plan, live, log, WatchedLoad(("",), rate, timeout_s, plan.most_s))
                records = acting.run()
                live.stop()
        finally:
            with suppress(EnvironmentFault):
                traffic.reset()
        result = self._judged(plan, records, live.run)
        self._recorder.criteria(
            [CriterionEntry(self._test, live.run.name, verdict, acted=True) for verdict in result.verdicts]
        )
        self._recorder.experiment(result.entry(name, self._test))
        return result

    def _judged(self, plan: RolloutPlan, records: Sequence[StepRecord], judged: JudgedRun) -> RolloutResult:
        # Its own end is no cut: the rollout ended the load when it had come to its own.
        run = Run(judged.columns, replace(judged.facts, cut_short=""))
        verdicts = [open_invalid(run, verdict) for verdict in _telling(records)]
        verdicts.append(judge(run, parse("errors == 0%")))
        if USER in run.columns.extracted:
            moves = 2 if records[-1].decision.action is Action.ROLLBACK else 1
            verdicts.append(judge(run, parse(f"moves[{SUBSET} by {USER}] <= {moves}")))
        return RolloutResult(plan, tuple(records), judged, tuple(verdicts))


class _Acting:
    """One rollout under way."""

    def __init__(self, stack: Stack, plan: RolloutPlan, live: LiveLoad, log: SubsetLog, load: WatchedLoad) -> None:
        self._stack = stack
        self._plan = plan
        self._live = live
        self._log = log
        self._load = load
        self._pause = threading.Event()

    def run(self) -> tuple[StepRecord, ...]:
        """Go from step to step until the end, a hold or a rollback."""
        records: list[StepRecord] = []
        self._await_start()
        why, acted_s = "the first step", math.nan
        for step in self._plan.steps:
            acted_s = self._set(step.percent, why)
            if records:
                records[-1] = replace(records[-1], acted_s=acted_s)
            record = self._step(step)
            records.append(record)
            if record.decision.action is not Action.STEP:
                break
            why = f"{step.percent} %: {record.decision.reason}"
        if records[-1].decision.action is Action.ROLLBACK:
            records[-1] = replace(records[-1], acted_s=self._set(0, f"rolled back: {records[-1].decision.reason}"))
        self._pause.wait(_AFTER_S)
        return tuple(records)

    def _await_start(self) -> None:
        while self._live.progress().elapsed_s < 0 and not self._pause.wait(_LOOK_S):
            pass

    def _set(self, percent: int, why: str) -> float:
        """Change the weights and return how many seconds it took until they acted."""
        begun = time.monotonic()
        self._stack.traffic.set_weights(self._plan.service, self._plan.weights(percent), why=why)
        return time.monotonic() - begun

    def _step(self, step: Step) -> StepRecord:
        begun_s = self._live.progress().elapsed_s
        criteria = [one for one in step.criteria if step.comparing or not _compares(one.measure)]
        watch = Watch(criteria, replace(self._load, duration_s=step.most_s))
        while True:
            self._pause.wait(_LOOK_S)
            elapsed_s = self._live.progress().elapsed_s - begun_s
            seen = self._since(begun_s)
            if criteria:
                watch.update(seen)
            verdicts: tuple[Verdict | None, ...] = watch.verdicts
            if elapsed_s >= step.most_s and len(seen):
                verdicts = watch.conclude(Run(seen, self._facts(seen, step)))
            decision = decide(step, Seen(verdicts, elapsed_s))
            if decision.action is not Action.WAIT:
                break
        known = tuple(verdict for verdict in verdicts if verdict is not None)
        of_candidate = int(np.count_nonzero(seen.extracted[SUBSET] == self._plan.candidate))
        return StepRecord(step.percent, begun_s, elapsed_s, len(seen), of_candidate, known, decision, math.nan)

    def _since(self, begun_s: float) -> Columns:
        """Return the requests that became due since the weights act and of which all is known."""
        columns = self._live.snapshot()
        now_s = self._live.progress().elapsed_s
        return self._log.known(columns.where(columns.due_s >= begun_s), now_s=now_s)

    def _facts(self, seen: Columns, step: Step) -> RunFacts:
        attack_s = float(seen.due_s[-1] - seen.due_s[0])
        return RunFacts(
            name=f"at {step.percent} %",
            targets=self._load.targets,
            rate=self._load.rate,
            duration_s=step.most_s,
            attack_s=attack_s,
            wait_s=0.0,
            timeout_s=self._load.timeout_s,
            connections=1,
        )


def _compares(measure: MeasureName) -> bool:
    entry = look_up(measure)
    return entry is not None and entry.kind == "difference"


def _telling(records: Sequence[StepRecord]) -> list[Verdict]:
    """Return the last verdict on every criterion, with the weight in its reason: what was shown before still stands."""
    found = {
        verdict.expression: replace(verdict, reason=f"At {record.percent} %: {verdict.reason}")
        for record in records
        for verdict in record.verdicts
    }
    if not found:
        raise UsageError("no step judged anything", where="rollout", mend="give a step below 100 % and criteria")
    return list(found.values())

"""The search itself: one rate after the other, each a load of its own."""

from __future__ import annotations

import time
from typing import Final, TypedDict

from gonogo.errors import UsageError
from gonogo.experiments.capacity.advice import Limits, limits_for
from gonogo.experiments.capacity.answering import failures, nothing_answers
from gonogo.experiments.capacity.bracket import Bracket, rounded
from gonogo.experiments.capacity.capacity import HEADROOM, Capacity, Probe
from gonogo.experiments.capacity.in_flight import in_flight
from gonogo.load.target import Target
from gonogo.measures.judge import judge
from gonogo.suite.extent import LONGEST_UNASKED_S
from gonogo.suite.load import Load
from gonogo.suite.order import tightest_limit_s
from gonogo.suite.run import JudgedRun
from gonogo.units import parse_duration
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.planning import requests_for
from gonogo.verdicts.verdict import Outcome

__all__ = ["CapacityOptions", "Climb"]

_TAIL: Final = 0.999
_PATIENCE: Final = 2
_LOOK: Final = parse("success >= 1%")
"""All that is asked of the first answers; how late five requests were sent does not matter for it."""
_LOOK_RATE: Final = 5.0
_LOOK_S: Final = 1.0
_LOOKS: Final = 3
"""A service may take as many timeouts until it has worked off what an overload left."""
_SLACK: Final = 1.2
"""So many times the requests that a criterion needs, since bounds in blocks of time are a little wider."""


class CapacityOptions(TypedDict, total=False):
    """The options of a search. Durations are seconds, or text such as ``"5s"``.

    Attributes:
        start: the first rate, requests per second; 50 by default.
        most: the highest that is tried; 10,000 by default.
        precision: how far the rate that does not hold may lie above the one that does, as a share; 0.1 by default.
        step: length of the load at each rate, or what the criteria need when that is more; 5 s by default. It ends
            earlier once it is decided.
        warmup: before each; 1 s by default.
        timeout: of a request; 10 s by default.
        connections: the most that are open at once; 256 by default.
        clients: sidecars that will send to the service; its limits are shared out among them. 1 by default.
        name: in the judgment; ``capacity`` by default.
    """

    start: float
    most: float
    precision: float
    step: float | str
    warmup: float | str
    timeout: float | str
    connections: int
    clients: int
    name: str


class Climb:
    """One search for a capacity.

    Args:
        load: drives a load and judges it, as an observation.
        targets: what to send.
        criteria: what must hold.
        options: see :class:`CapacityOptions`.

    Raises:
        UsageError: an option cannot be used.
    """

    def __init__(
        self, load: Load, targets: tuple[Target, ...], criteria: tuple[Criterion, ...], options: CapacityOptions
    ) -> None:
        self._load = load
        self._targets = targets
        self._criteria = criteria
        self._options = options
        self._name = options.get("name", "capacity")
        self._step_s = parse_duration(options.get("step", 5.0))
        if self._step_s <= 0:
            raise UsageError("a step of 0 s", mend="give the load at each rate some seconds, such as 5s")
        if options.get("clients", 1) < 1:
            raise UsageError(f"{options.get('clients')} clients", mend="give clients 1 or more")
        self._began_s = time.monotonic()
        self._probes: list[Probe] = []
        self._invalid = ""

    def run(self) -> Capacity:
        """Drive load after load and return what was found.

        Raises:
            UsageError: an option or a criterion cannot be used.
            StackError: nothing answers with success, from the beginning or after an overload.
        """
        bracket = Bracket(
            self._options.get("start", 50.0), self._options.get("most", 10_000.0), self._options.get("precision", 0.1)
        )
        self._look()
        bracket = self._narrow(bracket)
        first = bracket.held
        hysteresis = False
        # What held on the way up must hold on the way down, right after the overload that ended the search.
        while not self._invalid and bracket.held is not None and bracket.broken is not None:
            again = self._probe(bracket.held, "again, after an overload")
            if again.held or self._invalid:
                break
            hysteresis = True
            bracket = self._narrow(bracket.told(again.rate, held=False))
        rate = bracket.held or 0.0
        return Capacity(
            rate=rate,
            broken_at=bracket.broken,
            probes=tuple(self._probes),
            criteria=tuple(one.text for one in self._criteria),
            limit_s=self._latency_limit_s(),
            hysteresis=hysteresis and first != bracket.held,
            note=self._note(bracket),
            host=None,
            limits=self._limits(rate) if rate else None,
        )

    def _narrow(self, bracket: Bracket) -> Bracket:
        while not self._invalid and (rate := bracket.next_rate) is not None:
            probe = self._probe(rate, "")
            if not self._invalid:
                bracket = bracket.told(rate, held=probe.held)
            if not probe.success > 0:
                self._look(f"after {rate:g}/s")
        return bracket

    def _look(self, when: str = "") -> None:
        """See that something answers with success, by some requests, and that these criteria can be judged.

        Raises:
            StackError: nothing does.
            UsageError: a criterion speaks of what a run of these targets does not have.
        """
        for left in range(_LOOKS if when else 1, 0, -1):
            run = self._load(
                *self._targets,
                rate=_LOOK_RATE,
                duration=_LOOK_S,
                timeout=self._options.get("timeout", 10.0),
                connections=self._options.get("connections", 256),
                require=[],
                decides=[_LOOK],
                name=f"{self._name} first answers",
            )
            if left == 1 or failures(run.columns) != ("timeout",):
                break
        if fault := nothing_answers(self._targets, run.columns, when):
            raise fault
        for criterion in self._criteria:
            judge(run.runs[-1], criterion)

    def _probe(self, rate: float, why: str) -> Probe:
        """Load at ``rate``; a probe that is not decided is made once more, twice as long."""
        for patience in range(1, _PATIENCE + 1):
            at_s = time.monotonic() - self._began_s
            run = self._load(
                *self._targets,
                rate=rate,
                duration=patience * self._long_enough_s(rate),
                warmup=self._options.get("warmup", 1.0),
                timeout=self._options.get("timeout", 10.0),
                connections=self._options.get("connections", 256),
                require=list(self._criteria),
                name=f"{self._name} {rate:g} per second",
            )
            self._probes.append(_seen(run, at_s, rate, why))
            if not run.facts.valid:
                self._invalid = run.facts.invalid_reason
                break
            if run.go.outcome is not Outcome.INCONCLUSIVE:
                break
        return self._probes[-1]

    def _long_enough_s(self, rate: float) -> float:
        """The step, or as long as the criteria need at a rate so low."""
        needed = requests_for(self._criteria, allowed_failures=1) * _SLACK
        return min(max(self._step_s, needed / rate), LONGEST_UNASKED_S)

    def _limits(self, rate: float) -> Limits:
        """The breaker's limits, from a load at the share of the capacity at which it shall keep the service.

        A service that only waits has exactly as many requests at once as Little's law says; so many as keep it busy at
        its capacity are the least.
        """
        kept = rounded(HEADROOM * rate)
        probe = self._probe(kept, "where the breaker shall keep it")
        return limits_for(
            in_flight=max(probe.in_flight, rate * probe.p50_s),
            latency_s=probe.p99_s,
            limit_s=self._latency_limit_s(),
            rate=kept,
            clients=self._options.get("clients", 1),
        )

    def _latency_limit_s(self) -> float | None:
        times = [one for one in self._criteria if one.unit == "s"]
        return tightest_limit_s(times, 0.0) if times else None

    def _note(self, bracket: Bracket) -> str:
        if self._invalid:
            return f"the search ended because the generator was the limit: {self._invalid}"
        if bracket.broken is None and bracket.held is not None:
            return f"the search ended at its most, {bracket.most:g}/s: the capacity is higher"
        return ""


def _seen(run: JudgedRun, at_s: float, rate: float, why: str) -> Probe:
    wrong = [verdict for verdict in run.verdicts if verdict.outcome is not Outcome.GO]
    reason = f"{wrong[0].expression}: {wrong[0].reason}" if wrong else why
    if not run.facts.valid:
        reason = f"INVALID: {run.facts.invalid_reason}"
    return Probe(
        at_s=at_s,
        rate=rate,
        throughput=run.throughput.value,
        success=run.success.value,
        p50_s=run.answered.p50.value,
        p99_s=run.answered.p99.value,
        in_flight=in_flight(run.columns, _TAIL),
        outcome=run.go.outcome,
        reason=reason,
        run=run.name,
    )

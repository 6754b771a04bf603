"""Looking for a capacity: one load after the other, each judged, none of them a criterion of the session."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypedDict, Unpack
from urllib.parse import urlsplit

from gonogo.errors import UsageError
from gonogo.experiments.capacity.advice import Limits, limits_for
from gonogo.experiments.capacity.bracket import Bracket, rounded
from gonogo.experiments.capacity.capacity import HEADROOM, Capacity, Probe
from gonogo.experiments.capacity.in_flight import in_flight
from gonogo.load.target import Target
from gonogo.manifests.host import Host
from gonogo.suite.extent import LONGEST_UNASKED_S
from gonogo.suite.load import Load
from gonogo.suite.order import tightest_limit_s
from gonogo.suite.recorder import Observing, Recorder
from gonogo.suite.run import JudgedRun
from gonogo.suite.stack import Stack
from gonogo.units import format_duration, parse_duration
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.planning import requests_for
from gonogo.verdicts.verdict import Outcome

__all__ = ["CapacityOptions", "CapacitySearch"]

_TAIL: Final = 0.999
_GOODPUT: Final = 0.9
_PATIENCE: Final = 2
_SLACK: Final = 1.2
"""So many times the requests that a criterion needs, since bounds in blocks of time are a little wider."""

Targets = Target | Iterable[Target]


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


class CapacitySearch:
    """Finds capacities; the ``capacity`` fixture is one, bound to its test.

    Args:
        make_load: makes the load of a recorder: that of the session, or one that records runs as observations.
        recorder: the session's.
        test: node id of the test.
        stack: the stack under load, when the test has one.
    """

    def __init__(
        self, make_load: Callable[[Recorder], Load], recorder: Recorder, test: str, stack: Stack | None
    ) -> None:
        self._judging = make_load(recorder)
        self._probing = make_load(Observing(recorder))
        self._recorder = recorder
        self._test = test
        self._stack = stack

    def __call__(
        self,
        *targets: Targets,
        require: str | Criterion | Sequence[str | Criterion],
        **options: Unpack[CapacityOptions],
    ) -> Capacity:
        """Find the highest rate at which all criteria of ``require`` hold.

        The breaker's limits in the client's sidecar are lifted meanwhile: what is sought is what the service can take.

        Raises:
            UsageError: there is no criterion, or an option cannot be used; nothing was sent.
        """
        every = (require,) if isinstance(require, str | Criterion) else tuple(require)
        criteria = tuple(parse(one) if isinstance(one, str) else one for one in every)
        if not criteria:
            raise UsageError(
                "a search for capacity without a criterion", mend='say what must hold: require=["p99 <= 50ms"]'
            )
        aimed = tuple(one for some in targets for one in ((some,) if isinstance(some, Target) else some))
        host = self._host(aimed)
        self._lift(host)
        try:
            found = _Search(self._probing, aimed, criteria, options).run()
        finally:
            self._restore(host)
        guarded = host is not None and self._stack is not None and self._stack.sidecar is not None
        capacity = replace(found, host=host, check=self._checking(aimed, options) if guarded else None)
        self._recorder.experiment(capacity.entry(options.get("name", "capacity"), self._test))
        return capacity

    def _checking(
        self, targets: tuple[Target, ...], options: CapacityOptions
    ) -> Callable[[Capacity, float, Sequence[str]], JudgedRun]:
        def check(capacity: Capacity, overload: float, require: Sequence[str]) -> JudgedRun:
            if self._stack is None or capacity.host is None or capacity.limits is None:
                raise UsageError("there is nothing to verify")
            goodput = rounded(_GOODPUT * capacity.rate)
            admitted = [f"admitted.p99 <= {format_duration(capacity.limit_s)}"] if capacity.limit_s else []
            wanted = require or ["breaker.only_breaker_errors", *admitted, f"throughput >= {goodput:g}/s"]
            name = f"{capacity.host.namespace}/{capacity.host.name}"
            limits = capacity.limits
            self._stack.traffic.set_limits(
                name,
                max_connections=limits.max_connections,
                max_pending_requests=limits.max_pending,
                why="the recommendation is verified",
            )
            try:
                return self._judging(
                    *targets,
                    rate=rounded(overload * capacity.rate),
                    duration="10s",
                    warmup="2s",
                    timeout=options.get("timeout", 10.0),
                    connections=options.get("connections", 256),
                    require=list(wanted),
                    name=f"{options.get('name', 'capacity')} at {overload:g} times, limits acting",
                )
            finally:
                self._stack.traffic.reset()

        return check

    def _host(self, targets: Sequence[Target]) -> Host | None:
        """The Service that all targets are on; None when there is none."""
        if self._stack is None:
            return None
        named = {urlsplit(target.url).hostname or "" for target in targets}
        services = {
            Host(service.namespace, service.name)
            for service in self._stack.topology.services
            if named & {service.name, f"{service.name}.{service.namespace}"}
        }
        return services.pop() if len(services) == len(named) == 1 else None

    def _lift(self, host: Host | None) -> None:
        if host is not None and self._stack is not None and self._stack.sidecar is not None:
            self._stack.traffic.set_limits(
                f"{host.namespace}/{host.name}",
                max_connections=None,
                max_pending_requests=None,
                max_requests=None,
                why="capacity is sought",
            )

    def _restore(self, host: Host | None) -> None:
        if host is not None and self._stack is not None and self._stack.sidecar is not None:
            self._stack.traffic.reset()


class _Search:
    """One search."""

    def __init__(
        self, load: Load, targets: tuple[Target, ...], criteria: tuple[Criterion, ...], options: CapacityOptions
    ) -> None:
        self._load = load
        self._targets = targets
        self._criteria = criteria
        self._options = options
        self._name = options.get("name", "capacity")
        self._step_s = parse_duration(options.get("step", 5.0))
        self._began_s = time.monotonic()
        self._probes: list[Probe] = []
        self._invalid = ""

    def run(self) -> Capacity:
        bracket = Bracket(
            self._options.get("start", 50.0), self._options.get("most", 10_000.0), self._options.get("precision", 0.1)
        )
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
        return bracket

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
        """The breaker's limits, from a load at the share of the capacity at which it shall keep the service."""
        kept = rounded(HEADROOM * rate)
        probe = self._probe(kept, "where the breaker shall keep it")
        return limits_for(
            in_flight=probe.in_flight,
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
        p99_s=run.answered.p99.value,
        in_flight=in_flight(run.columns, _TAIL),
        outcome=run.go.outcome,
        reason=reason,
        run=run.name,
    )

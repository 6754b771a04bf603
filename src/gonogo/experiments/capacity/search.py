"""Looking for a capacity: one load after the other, each judged, none of them a criterion of the session."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Unpack
from urllib.parse import urlsplit

from gonogo.errors import UsageError
from gonogo.experiments.capacity.bracket import rounded
from gonogo.experiments.capacity.capacity import Capacity
from gonogo.experiments.capacity.climb import CapacityOptions, Climb
from gonogo.experiments.capacity.verification import (
    QUEUES,
    criteria_under_overload,
    seconds_under_overload,
    verified_step,
)
from gonogo.load.target import Target
from gonogo.manifests.host import Host
from gonogo.suite.load import Load
from gonogo.suite.recorder import Observing, Recorder
from gonogo.suite.run import JudgedRun
from gonogo.suite.stack import Stack
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.grammar import parse

__all__ = ["CapacitySearch"]

Targets = Target | Iterable[Target]


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
        self._made = 0

    def __call__(
        self,
        *targets: Targets,
        require: str | Criterion | Sequence[str | Criterion],
        **options: Unpack[CapacityOptions],
    ) -> Capacity:
        """Find the highest rate at which all criteria of ``require`` hold.

        The breaker's limits in the client's sidecar are lifted meanwhile: what is sought is what the service can take.

        Raises:
            UsageError: there is no criterion, or an option cannot be used; no load was sent.
            StackError: nothing answers with success, from the beginning or after an overload.
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
            found = Climb(self._probing, aimed, criteria, options).run()
        finally:
            self._restore(host)
        guarded = host is not None and self._stack is not None and self._stack.sidecar is not None
        name = self._name_of(options)
        check = self._checking(aimed, criteria, options, name) if guarded else None
        capacity = replace(found, host=host, check=check)
        self._recorder.experiment(capacity.entry(name, self._test))
        return capacity

    def _name_of(self, options: CapacityOptions) -> str:
        """Name of the experiment, which is unique in the judgment."""
        self._made += 1
        parts = [self._test.rpartition("/")[2], options.get("name", "capacity")]
        return ": ".join(filter(None, parts)) + (f" {self._made}" if self._made > 1 else "")

    def _checking(
        self, targets: tuple[Target, ...], criteria: Sequence[Criterion], options: CapacityOptions, name: str
    ) -> Callable[[Capacity, float, Sequence[str]], JudgedRun]:
        began_s = time.monotonic()

        def check(capacity: Capacity, overload: float, require: Sequence[str]) -> JudgedRun:
            if self._stack is None or capacity.host is None or capacity.limits is None:
                raise UsageError("there is nothing to verify")
            wanted = criteria_under_overload(criteria, capacity.rate) if not require else tuple(map(parse, require))
            traffic, at_s = self._stack.traffic, time.monotonic() - began_s + capacity.took_s
            limits = capacity.limits if QUEUES in traffic.proxy else capacity.limits.without_queue()
            traffic.set_limits(
                f"{capacity.host.namespace}/{capacity.host.name}",
                max_connections=limits.max_connections,
                max_pending_requests=limits.max_pending,
                max_requests=None,
                why="the recommendation is verified",
            )
            try:
                run = self._judging(
                    *targets,
                    rate=rounded(overload * capacity.rate),
                    duration=seconds_under_overload(wanted, capacity.rate),
                    warmup="2s",
                    timeout=options.get("timeout", 10.0),
                    connections=options.get("connections", 256),
                    require=list(wanted),
                    name=f"{options.get('name', 'capacity')} at {overload:g} times, limits acting",
                )
            finally:
                traffic.reset()
            verified = verified_step(run, at_s, f"{overload:g} times the capacity, with its limits")
            self._recorder.experiment(capacity.entry(name, self._test, verified))
            return run

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

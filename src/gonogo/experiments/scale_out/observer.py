"""Driving a load while autoscalers act, and writing down how the breaker's rejections follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Unpack
from urllib.parse import urlsplit

from gonogo.errors import UsageError
from gonogo.experiments.scale_out.result import FLAGS, ScaleOutResult, rejected_by_second
from gonogo.load.target import Target
from gonogo.suite.autoscaling import ActingAutoscalers, Scaled
from gonogo.suite.load import Load
from gonogo.suite.order import LoadOptions
from gonogo.suite.recorder import Recorder
from gonogo.suite.stack import Stack

__all__ = ["ScaleOut"]


class ScaleOut:
    """Drives loads under which services are scaled; the ``scale_out`` fixture is one, bound to its test.

    Args:
        make_load: makes the load of a recorder.
        recorder: the session's.
        test: node id of the test.
        stack: the stack under load.
    """

    def __init__(self, make_load: Callable[[Recorder], Load], recorder: Recorder, test: str, stack: Stack) -> None:
        self._load = make_load(recorder)
        self._recorder = recorder
        self._test = test
        self._stack = stack

    def __call__(self, target: Target, **options: Unpack[LoadOptions]) -> ScaleOutResult:
        """Drive one load and return how rejections fell as replicas arrived.

        Takes what ``load`` takes. The run is not ended before its time: what is looked for is its course. Where the
        autoscalers see no load, as in a cluster without a metrics API, the result says so in ``untested``.

        Raises:
            UsageError: no autoscaler acts on the stack, or the requests go past the breaker.
        """
        scaling = self._stack.scaling
        if scaling is None:
            raise UsageError(
                "no autoscaler acts on this stack",
                where=self._test,
                mend="declare a HorizontalPodAutoscaler on CPU for a Deployment, and let gonogo start the stack",
            )
        service = self._service(target)
        begun = len(scaling.events)
        before = self._ready(service)
        with self._load.running(target, **options) as live:
            pass
        run = live.run
        if FLAGS not in run.columns.extracted:
            raise UsageError(
                "the requests went past the breaker",
                where=run.name,
                mend="declare a DestinationRule with a connectionPool for the Service, and leave out direct=True",
            )
        result = ScaleOutResult(
            run=run,
            service=service,
            events=self._events(scaling, begun, run.facts.started_at),
            replicas=(before, self._ready(service)),
            shares=rejected_by_second(run.columns),
            untested=scaling.untested,
        )
        self._recorder.experiment(result.entry(self._test))
        return result

    def _service(self, target: Target) -> str:
        host = urlsplit(target.url).hostname or ""
        for service in self._stack.topology.services:
            if host in (service.name, f"{service.name}.{service.namespace}"):
                return f"{service.namespace}/{service.name}"
        raise UsageError(f"{target.name} is on no Service of the stack", mend='use stack["…"].target(…)')

    def _ready(self, service: str) -> int:
        return sum(replica.ready for replica in self._stack.running.replicas(service))

    @staticmethod
    def _events(scaling: ActingAutoscalers, begun: int, started_at: str) -> tuple[tuple[float, Scaled], ...]:
        events = scaling.events[begun:]
        if not started_at:
            return ()
        start = datetime.fromisoformat(started_at)
        return tuple(((datetime.fromisoformat(each.wall) - start).total_seconds(), each) for each in events)

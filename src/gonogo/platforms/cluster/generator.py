"""Load from within the cluster: Pods of fixed size that gonogo's engines run in, in the session's namespace."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from gonogo.errors import EnvironmentFault
from gonogo.manifests.findings import Source
from gonogo.manifests.topology import Workload
from gonogo.platforms.cluster.api import Api, Refused
from gonogo.platforms.cluster.generator_line import ExecLine
from gonogo.platforms.cluster.generator_pod import CONTAINER, Beside, GeneratorOrder, worker_pod
from gonogo.platforms.cluster.pods import PodView, read_event, read_pod
from gonogo.platforms.cluster.reasons import why_not_ready
from gonogo.units import format_duration

__all__ = ["GeneratorPods"]

_NAME: Final = "gonogo-generator"
_NOT_FOUND: Final = 404
_LOOK_S: Final = 0.1
_REASON_S: Final = 5.0


class GeneratorPods:
    """The workers of one stack. They are made when the first load wants them, and end with the session's namespace.

    Args:
        api: of the cluster.
        order: what the Pods shall be.
        ready_timeout_s: how long one may take until it is ready.
    """

    def __init__(self, api: Api, order: GeneratorOrder, ready_timeout_s: float = 60.0) -> None:
        self._api = api
        self.ready_timeout_s = ready_timeout_s
        self.order = order
        self._beside = Beside()
        self._names: list[str] = []
        self._made = 0

    def stand_beside(self, beside: Beside) -> None:
        """Have ``beside`` in every Pod from now on; Pods without it are made anew when they are next wanted."""
        self._beside = beside
        for name in self._names:
            self._api.delete(self._path(name), gracePeriodSeconds=0)
        self._names.clear()

    def have(self, count: int) -> tuple[str, ...]:
        """Have ``count`` workers ready, those anew that are lost, and return where they are.

        Raises:
            EnvironmentFault: one does not come; the message has the scheduler's or the kubelet's words.
        """
        found = [self._view(name) for name in self._names[:count]]
        for number in range(count):
            view = found[number] if number < len(found) else None
            if view is None or view.over or view.deleting:
                name = self._make()
                self._names[number : number + 1] = [name]
        return tuple(self._await(name) for name in self._names[:count])

    def pod(self, worker: int) -> str:
        """Return the name of a worker's Pod."""
        return self._names[worker]

    def open_line(self, worker: int, command: Sequence[str]) -> ExecLine:
        """Start ``command`` beside the first process of a worker.

        Raises:
            EnvironmentFault: the API server refuses it, or does not answer.
        """
        name = self._names[worker]
        query = [("container", CONTAINER), ("stdin", "true"), ("stdout", "true"), ("stderr", "true")]
        stream = self._api.exec(f"{self._path(name)}/exec", [*query, *(("command", word) for word in command)])
        return ExecLine(stream, self._place(self._view(name), name), self._why_of(name))

    def _make(self) -> str:
        name, self._made = f"{_NAME}-{self._made}", self._made + 1
        order = self.order
        body = worker_pod(name, order.namespace, order.image, order.size, declared=order.declared, beside=self._beside)
        try:
            self._api.create(f"/api/v1/namespaces/{order.namespace}/pods", body)
        except Refused as refusal:
            raise EnvironmentFault(
                f"the cluster refuses the load generator's Pod: {refusal.what}",
                where=f"{order.namespace}/{name}",
                mend=refusal.mend or f"it has {order.size}, as {order.size.source} says",
            ) from refusal
        return name

    def _await(self, name: str) -> str:
        deadline = time.monotonic() + self.ready_timeout_s
        while True:
            view = self._view(name)
            if view is not None and view.ready:
                return self._place(view, name)
            reason = why_not_ready(view, self._workload(name), self._events(name))
            text = reason.text if view is not None and reason is not None else "it was deleted"
            if view is None or (reason is not None and reason.hopeless) or time.monotonic() > deadline:
                late = f"within {format_duration(self.ready_timeout_s)} " if time.monotonic() > deadline else ""
                raise EnvironmentFault(
                    f"the load generator's Pod did not get ready {late}({text})",
                    where=f"{self.order.namespace}/{name}",
                    mend=f"it has {self.order.size} ({self.order.size.source}) and needs the image "
                    f"{self.order.image}: gonogo images build gonogo/generator",
                )
            time.sleep(_LOOK_S)

    def _workload(self, name: str) -> Workload:
        return Workload("Pod", self.order.namespace, name, 1, (), Source("gonogo", 0), restart_policy="Never")

    def _events(self, name: str) -> tuple[Any, ...]:
        path = f"/api/v1/namespaces/{self.order.namespace}/events"
        listed = self._api.get(path, fieldSelector=f"involvedObject.name={name}").get("items", ())
        return tuple(read_event(each) for each in listed)

    def _view(self, name: str, *, patient: bool = True) -> PodView | None:
        try:
            return read_pod(self._api.get(self._path(name), patient=patient))
        except Refused as refusal:
            if refusal.status == _NOT_FOUND:
                return None
            raise

    def _path(self, name: str) -> str:
        return f"/api/v1/namespaces/{self.order.namespace}/pods/{name}"

    def _place(self, view: PodView | None, name: str) -> str:
        node = f" on node {view.node}" if view is not None and view.node else ""
        return f"Pod {self.order.namespace}/{name}{node}"

    def _why_of(self, name: str) -> Callable[[str], str]:
        def why(known: str) -> str:
            """What the cluster has to say; the kubelet may take a moment to tell it."""
            deadline = time.monotonic() + _REASON_S
            while True:
                try:
                    told = _end_of(self._view(name, patient=False))
                except EnvironmentFault as fault:
                    told = f"{known}; {fault.what}"
                if told or time.monotonic() > deadline:
                    return told or known
                time.sleep(_LOOK_S)

        return why


def _end_of(view: PodView | None) -> str:
    """How a worker's Pod ended, as a clause; empty when it has not."""
    if view is None or view.deleting:
        return "its Pod was deleted"
    if view.phase == "Failed" and view.why:
        return f"its Pod failed: {view.why}"
    ended = [each.ended for each in view.containers if each.ended and not each.running]
    return f"its container ended {ended[0]}" if ended else ""

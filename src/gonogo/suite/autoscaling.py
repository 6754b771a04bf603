"""The autoscalers of a running stack: they measure, decide as Kubernetes does, and scale, in a thread of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from gonogo.errors import StackError
from gonogo.manifests.topology import Autoscaler, Topology
from gonogo.platforms.autoscaling import PodUsage, Scaler
from gonogo.platforms.interface import Replica, ReplicaSample, RunningStack, Scalable, ScalesItself

__all__ = ["ActingAutoscalers", "Autoscaling", "Scaled", "WatchedAutoscaling", "autoscaling_of"]

_PATIENCE: Final = 3


@dataclass(frozen=True, slots=True)
class Scaled:
    """A decision that changed the number of replicas.

    Attributes:
        at_s: when, in seconds of the monotonic clock.
        wall: the same as UTC, ISO 8601.
        workload: ``namespace/name``.
        reason: why.
    """

    at_s: float
    wall: str
    workload: str
    before: int
    after: int
    reason: str

    def __str__(self) -> str:
        return f"{self.workload} scaled from {self.before} to {self.after} replicas ({self.reason})"


class ActingAutoscalers(Protocol):
    """The autoscalers of a stack while it runs, whoever carries them out.

    Attributes:
        untested: why nothing can be said about them, as a clause; empty when they act.
    """

    untested: str

    @property
    def events(self) -> tuple[Scaled, ...]:
        """Every change so far, in order."""
        ...

    @property
    def changed(self) -> bool:
        """Whether some Deployment has another number of replicas than the manifests say."""
        ...

    def problems(self) -> tuple[str, ...]:
        """What is wrong with the scaling."""
        ...

    def stop(self) -> None:
        """End it; replicas stay as they are. Safe to call twice."""
        ...


def autoscaling_of(running: RunningStack, period_s: float) -> ActingAutoscalers | None:
    """Return what carries out the autoscalers of ``running``; None where it has none, or cannot be scaled."""
    if isinstance(running, ScalesItself):
        return WatchedAutoscaling(running, running) if running.autoscalers() else None
    if not running.topology.autoscalers or not isinstance(running, Scalable):
        return None
    return Autoscaling(running, running, period_s)


class WatchedAutoscaling:
    """The autoscalers that a platform carries out itself.

    Args:
        running: the stack.
        scales: the same, to be asked.
    """

    def __init__(self, running: RunningStack, scales: ScalesItself) -> None:
        self._scales = scales
        self._declared = _declared(running.topology)
        self.untested = scales.unscaled()

    @property
    def events(self) -> tuple[Scaled, ...]:
        """Every change so far, in order."""
        # Times of the monotonic clock are told from those of the wall, which is what the platform has.
        offset_s = time.monotonic() - time.time()
        return tuple(
            Scaled(
                each.at + offset_s,
                datetime.fromtimestamp(each.at, UTC).isoformat(timespec="milliseconds"),
                each.workload,
                each.before,
                each.after,
                each.reason,
            )
            for each in self._scales.rescaled()
        )

    @property
    def changed(self) -> bool:
        """Whether some Deployment has another number of replicas than the manifests say."""
        wanted = {each.workload: each.after for each in self._scales.rescaled()}
        return any(self._declared.get(workload) != count for workload, count in wanted.items())

    def problems(self) -> tuple[str, ...]:
        """Nothing: an autoscaler that sees no load is told beforehand."""
        return ()

    def stop(self) -> None:
        """Nothing runs here."""


class Autoscaling:
    """Carries out every autoscaler of a stack until it is stopped.

    Args:
        running: the stack, to be measured.
        scalable: the same, to be scaled.
        period_s: between two decisions; the CPU in use is the mean over it.
    """

    untested = ""

    def __init__(self, running: RunningStack, scalable: Scalable, period_s: float) -> None:
        self._running = running
        self._scalable = scalable
        self._period_s = period_s
        self._lock = threading.Lock()
        self._events: list[Scaled] = []
        self._trouble = ""
        self._over = threading.Event()
        topology = running.topology
        self._scalers = [Scaler(each) for each in topology.autoscalers]
        self._wanted = _declared(topology)
        self._last = running.sample()
        self._sampled_s = time.monotonic()
        self._thread = threading.Thread(target=self._live, name="gonogo-autoscaling", daemon=True)
        self._thread.start()

    @property
    def events(self) -> tuple[Scaled, ...]:
        """Every change so far, in order."""
        return tuple(self._events)

    @property
    def changed(self) -> bool:
        """Whether some Deployment has another number of replicas than the manifests say."""
        return self._wanted != _declared(self._running.topology)

    def replicas(self, workload: str) -> int:
        """Return how many replicas ``workload`` (``namespace/name``) shall have now."""
        return self._wanted[workload]

    def problems(self) -> tuple[str, ...]:
        """What is wrong with the scaling."""
        return (self._trouble,) if self._trouble else ()

    def stop(self) -> None:
        """End it; replicas stay as they are. Safe to call twice."""
        self._over.set()
        self._thread.join()

    def decide(self, now_s: float) -> None:
        """Measure and scale once.

        Args:
            now_s: a reading of the monotonic clock.

        Raises:
            StackError: the stack has ended.
        """
        with self._lock:
            sample, replicas = self._running.sample(), self._running.replicas()
            passed_s = now_s - self._sampled_s
            for scaler in self._scalers:
                workload = _target(scaler.autoscaler)
                pods = _pods(scaler.autoscaler, self._running.topology, replicas, self._last, sample, passed_s)
                before = self._wanted[workload]
                decision = scaler.decide(now_s, before, pods)
                if decision.replicas != before:
                    self._scalable.scale(workload, decision.replicas)
                    self._wanted[workload] = decision.replicas
                    wall = datetime.now(UTC).isoformat(timespec="milliseconds")
                    self._events.append(Scaled(now_s, wall, workload, before, decision.replicas, decision.reason))
            self._last, self._sampled_s = sample, now_s

    def _live(self) -> None:
        failures = 0
        while not self._over.wait(self._period_s):
            try:
                self.decide(time.monotonic())
            except StackError as error:
                # A replica that has not gone yet can come back with the next decision.
                failures += 1
                self._trouble = f"a Deployment could not be scaled: {error}" if failures > _PATIENCE else ""
            else:
                failures, self._trouble = 0, ""


def _target(autoscaler: Autoscaler) -> str:
    return f"{autoscaler.namespace}/{autoscaler.workload}"


def _declared(topology: Topology) -> dict[str, int]:
    return {f"{each.namespace}/{each.name}": each.replicas for each in topology.workloads}


def _pods(
    autoscaler: Autoscaler,
    topology: Topology,
    replicas: tuple[Replica, ...],
    before: Mapping[str, ReplicaSample],
    now: Mapping[str, ReplicaSample],
    passed_s: float,
) -> list[PodUsage]:
    """Return what each Pod of the autoscaler's Deployment used, in cores, since the last sample."""
    workload = next(each for each in topology.workloads if f"{each.namespace}/{each.name}" == _target(autoscaler))
    request = sum(each.resources.cpu_request or 0.0 for each in workload.containers)
    pods = []
    for replica in replicas:
        if replica.name.rpartition("/")[0] != _target(autoscaler):
            continue
        known = replica.name in before and replica.name in now and passed_s > 0
        used = (now[replica.name].cpu_s - before[replica.name].cpu_s) / passed_s if known else None
        # A replica that was started again counts from its new start.
        pods.append(PodUsage(None if used is None else max(0.0, used), request, replica.ready))
    return pods

"""Keeps the Jobs of a stack going: looks at their Pods, decides by the rule, and acts through the supervisor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from gonogo.errors import GonogoError, StackError, UsageError
from gonogo.manifests.topology import Job, Workload
from gonogo.platforms.interface import JobPod, JobRun, TakenName
from gonogo.platforms.process.jobs.dressing import dressed
from gonogo.platforms.process.jobs.rule import COMPLETE, PodState, next_step
from gonogo.platforms.process.link import Link
from gonogo.platforms.process.spec import PodStatus, ReplicaSpec

__all__ = ["JobKeeper", "Maker"]

_LOOK_S: Final = 0.05


class Maker(Protocol):
    """Finds the Pods of Jobs their place on a platform."""

    def make(self, job: Job, workload: Workload, ordinal: int) -> ReplicaSpec:
        """Return a Pod of a run, ready to be launched.

        Args:
            job: of the topology.
            workload: the Pod as its run dresses it.
            ordinal: counts the Pods of the run from 0, replacements included.

        Raises:
            EnvironmentFault: the machine has no room for it.
        """
        ...


@dataclass
class _Run:
    job: Job
    make: Callable[[int, int | None], ReplicaSpec]
    started_at: float
    began_s: float
    pods: dict[str, tuple[ReplicaSpec, int | None]] = field(default_factory=dict)
    last: dict[str, PodStatus] = field(default_factory=dict)
    reason: str = ""
    asked: str = ""
    ended_at: float | None = None


class JobKeeper:
    """The Job controller of one stack. Its thread runs while a Job does; :meth:`stop` joins it.

    Args:
        link: to the supervisor.
        maker: makes Pods; None: this platform runs no Jobs.
        redact: takes out of a text what may not be shown.
    """

    def __init__(self, link: Link, maker: Maker | None, redact: Callable[[str], str]) -> None:
        self._link = link
        self._maker = maker
        self._redact = redact
        self._runs: dict[str, _Run] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, job: Job, run: str, env: Mapping[str, str]) -> None:
        """Start ``job`` as ``namespace/run``; its Pods start at once.

        Raises:
            TakenName: a run of that name is there already.
            UsageError: no Jobs run here.
            StackError: the stack has been stopped.
        """
        name = f"{job.namespace}/{run}"
        if self._maker is None:
            raise UsageError("this platform runs no Jobs", where=str(job), mend="use --gonogo-platform process")
        if self._stopping.is_set():
            raise StackError("the stack has been stopped", where=name)
        with self._lock:
            if name in self._runs:
                raise TakenName(f"a Job called {name} is there already", mend="give it another name")
            dress = partial(dressed, job.template, run, env=dict(env))
            self._runs[name] = _Run(job, partial(_make, self._maker, job, dress), time.time(), time.monotonic())
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep, name="gonogo-jobs", daemon=True)
                self._thread.start()

    def end(self, name: str, reason: str) -> None:
        """Begin to end the run ``name``; it is ``failed`` with ``reason`` when its Pods have ended."""
        with self._lock:
            if name in self._runs and self._runs[name].ended_at is None:
                self._runs[name].asked = self._runs[name].asked or reason

    def runs(self) -> tuple[JobRun, ...]:
        """Every run so far, in the order of their starts."""
        with self._lock:
            return tuple(self._told(name, run) for name, run in self._runs.items())

    def stop(self) -> None:
        """Start nothing any more; the caller then stops the Pods with the stack."""
        self._stopping.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        with self._lock:
            for run in self._runs.values():
                if run.ended_at is None:
                    run.reason, run.ended_at = "the stack was stopped", time.time()

    def _keep(self) -> None:
        while not self._stopping.wait(_LOOK_S):
            try:
                seen = {pod.name: pod for pod in self._link.ask("status").pods}
                if not self._look(seen):
                    return
            except GonogoError as error:
                self._give_up(str(error))
                return

    def _look(self, seen: Mapping[str, PodStatus]) -> bool:
        """Do the next step of every run; whether one still runs. The thread may end when none does."""
        with self._lock:
            active = [run for run in self._runs.values() if run.ended_at is None]
            if not active:
                self._thread = None
                return False
        for run in active:
            self._step(run, seen)
        return True

    def _step(self, run: _Run, seen: Mapping[str, PodStatus]) -> None:
        with self._lock:
            run.last |= {name: seen[name] for name in run.pods if name in seen}
            states = [
                PodState(index, known.phase, known.restarts, known.ended_at)
                for name, (_, index) in run.pods.items()
                for known in [run.last[name]]
            ]
            running = [name for name, known in run.last.items() if known.phase == "running"]
        step = next_step(run.job, states, age_s=time.monotonic() - run.began_s, now_s=time.time())
        ended = run.reason or run.asked or step.ended
        if ended:
            run.reason = ended
            for name in running if ended != COMPLETE else ():
                self._link.ask("end", name)
            if not running:
                run.ended_at = max((known.ended_at or 0.0 for known in run.last.values()), default=time.time())
            return
        for index in step.start:
            pod = run.make(len(run.pods), index)
            status = self._link.ask("launch", pod=pod)
            with self._lock:
                run.pods[pod.name] = (pod, index)
                run.last |= {each.name: each for each in status.pods if each.name == pod.name}

    def _give_up(self, why: str) -> None:
        with self._lock:
            self._thread = None
            for run in self._runs.values():
                if run.ended_at is None:
                    run.reason, run.ended_at = self._redact(why), time.time()

    def _told(self, name: str, run: _Run) -> JobRun:
        return JobRun(
            name=name,
            job=str(run.job),
            phase="running" if run.ended_at is None else "complete" if run.reason == COMPLETE else "failed",
            reason=run.reason,
            started_at=run.started_at,
            ended_at=run.ended_at,
            pods=tuple(self._pod(spec, index, run.last[pod]) for pod, (spec, index) in run.pods.items()),
        )

    def _pod(self, spec: ReplicaSpec, index: int | None, known: PodStatus) -> JobPod:
        return JobPod(
            name=spec.name,
            index=index,
            phase=known.phase,
            exit_status=known.exit_status,
            how=self._redact(known.how),
            restarts=known.restarts,
            started_at=known.started_at,
            ended_at=known.ended_at,
            log=Path(spec.log),
        )


def _make(
    maker: Maker, job: Job, dress: Callable[[int | None], Workload], ordinal: int, index: int | None
) -> ReplicaSpec:
    return maker.make(job, dress(index), ordinal)

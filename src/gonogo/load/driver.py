"""The driver: starts the engines' processes, watches them, and makes one run of what they recorded."""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import numpy as np

from gonogo.errors import UsageError
from gonogo.load.certify import certify, starved
from gonogo.load.engine.gate import Gate
from gonogo.load.merge import merge
from gonogo.load.plan import LoadPlan
from gonogo.load.process import EngineProcess
from gonogo.load.profile import Profile
from gonogo.load.recording import Recording
from gonogo.load.schedule import MOST_REQUESTS
from gonogo.load.share import Share
from gonogo.load.spool import DONE, FAILED, PICKED, SENT, START_NS, Spool
from gonogo.runs.run import Columns, GeneratorFacts, Run, RunFacts, WorkerFacts

__all__ = ["Engine", "Progress", "RunningLoad", "room", "start"]

_INTERRUPTED: Final = "interrupted (Ctrl-C)"
_CLOSED_LOOP_RATE: Final = 300_000  # more answers per second than one core can take in
_GRACE_S: Final = 1.0
_OVERTIME_S: Final = 5.0
_FOREVER: Final = float("inf")
_TOLD: Final = frozenset({"cpu", "memory", "memory_peak", "cpu_s", "throttled_s", "starved_s", "watched_s"})
"""What a worker inside of the stack says of itself at its end."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load has come.

    Attributes:
        elapsed_s: seconds since the run's start; below 0 during the warm-up.
        due: requests that have become due, warm-up included; sent, done and failed are of these.
    """

    elapsed_s: float
    due: int
    sent: int
    done: int
    failed: int


class Engine(Protocol):
    """An engine at work, wherever it runs; see :class:`gonogo.load.process.EngineProcess`.

    Attributes:
        share: which requests of the plan are its.
        spool: what it records, as it does so.
        values_fd: of the memfd with the values of further columns.
        finished: what it said at its end; None before, and when it was lost.
        place: where it runs; empty: on this machine.
    """

    share: Share
    spool: Spool
    values_fd: int
    finished: dict[str, object] | None

    @property
    def place(self) -> str:
        """See above."""
        ...

    @property
    def output(self) -> int:
        """The descriptor to wait on for what it says; :meth:`hear` reads it."""
        ...

    def tell(self, data: bytes) -> None:
        """Tell it something; that it has ended meanwhile is found out where its end is awaited."""
        ...

    def hear(self) -> bool:
        """Read what it says; return False when it has ended."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def close(self) -> str:
        """Wait for its end; return how it was lost, or an empty text when it was not."""
        ...


class RunningLoad:
    """A load that is being driven by one or several engines.

    As a context manager it stops the load and ends the processes when it is left; :meth:`wait` gives the run even then.

    Args:
        plan: what is driven.
        engines: who drives it, each its share; at least one.
        pids: their processes, as far as they run on this machine.

    Attributes:
        pids: see above.
        interrupted: Ctrl-C ended the run. wait() keeps what was measured and returns it instead of raising, so
            whoever called it raises KeyboardInterrupt again once the run is stored.
    """

    def __init__(self, plan: LoadPlan, engines: Sequence[Engine], pids: tuple[int, ...] = ()) -> None:
        self.interrupted = False
        self.pids = pids
        self._plan = plan
        self._run: Run | None = None
        self._asked_to_stop = ""
        self._engines = tuple(engines)
        self._recordings = tuple(Recording(plan, one.spool, one.values_fd, one.share) for one in engines)

    @property
    def pid(self) -> int:
        """The engine's process; of several, the first."""
        return self.pids[0]

    def progress(self) -> Progress:
        """Return how far the load has come, at no cost to the engines."""
        heads = [engine.spool.head for engine in self._engines]
        due, sent, done, failed = (sum(head[place] for head in heads) for place in (PICKED, SENT, DONE, FAILED))
        start_ns = heads[0][START_NS]
        elapsed_s = time.monotonic() - start_ns / 1e9 if start_ns else -self._plan.warmup_s
        return Progress(elapsed_s, due=due, sent=sent, done=done, failed=failed)

    def snapshot(self, since_s: float = 0.0) -> Columns:
        """Return the measured requests that have become due, as they are now; those on their way have error ``cut``.

        Args:
            since_s: only those due from so many seconds after the run's start: what is not asked for costs nothing.
        """
        return merge([recording.so_far(since_s) for recording in self._recordings])

    def stop(self, why: str = "stopped", *, grace_s: float | None = None) -> None:
        """Ask the engines to send nothing more and to end when all is answered; returns at once.

        Args:
            why: what the run's facts give as the reason.
            grace_s: end in so many seconds even if answers are missing; by default, wait for them until they time out.
        """
        if self._run is None and not self._asked_to_stop:
            self._asked_to_stop = why
            self._tell(f"stop {_FOREVER if grace_s is None else grace_s} {why.replace(chr(10), ' ')}\n".encode())

    def wait(self) -> Run:
        """Wait for the end of the load and return the run; of a load that is over, return it again.

        Ctrl-C ends the load, and the run comes back cut short.
        """
        if self._run is None:
            try:
                self._await_end(None)
            except KeyboardInterrupt:
                self.interrupted = True
                self._end_soon(_INTERRUPTED)
            self._run = self._finish()
        return self._run

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the load if it still runs, and end the processes."""
        if self._run is not None:
            return
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self.interrupted = True
            self._end_soon(_INTERRUPTED)
        else:
            self._end_soon("stopped before its end")
        self._run = self._finish()

    def _end_soon(self, why: str) -> None:
        """Stop, wait for the rest for a moment, and kill if even that is interrupted or does not end."""
        try:
            self.stop(why, grace_s=_GRACE_S)
            self._await_end(_GRACE_S + _OVERTIME_S)
        except KeyboardInterrupt:
            self.interrupted = True
            for engine in self._engines:
                engine.kill()
            self._await_end(_OVERTIME_S)

    def _await_end(self, seconds: float | None) -> None:
        """Read what the engines say until they end; kill those that do not end in time."""
        running = {engine.output: engine for engine in self._engines}
        deadline = time.monotonic() + (self._longest_s() if seconds is None else seconds)
        while running and (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select(list(running), [], [], left)
            for output in ready:
                if running[output].hear():
                    continue
                lost = running.pop(output).finished is None
                if lost and running:
                    self.stop("a load engine died", grace_s=_GRACE_S)
        for engine in running.values():
            engine.kill()

    def _longest_s(self) -> float:
        # Names may take their time to resolve before the start, and rows to be written after the end.
        plan = self._plan
        return plan.warmup_s + plan.duration_s + plan.timeout_s + 60.0

    def _tell(self, data: bytes) -> None:
        for engine in self._engines:
            engine.tell(data)

    def _finish(self) -> Run:
        deaths = [engine.close() for engine in self._engines]
        said = [engine.finished for engine in self._engines if engine.finished]
        parts = [
            recording.whole(_number(engine.finished["until_s"]) if engine.finished else None)
            for engine, recording in zip(self._engines, self._recordings, strict=True)
        ]
        workers = tuple(_worker(engine) for engine in self._engines if engine.place)
        columns = merge([part for part, _ in parts])
        plan = self._plan
        cut_short = next((str(one["cut_short"]) for one in said if one["cut_short"]), "")
        if any(deaths):
            valid, invalid_reason = False, "; ".join(filter(None, deaths))
            cut_short = cut_short or self._asked_to_stop or "the load engine died"
        elif shortage := next((str(one["shortage"]) for one in said if one["shortage"]), ""):
            valid, invalid_reason = False, f"the generator ran short: {shortage}"
        elif reason := next(filter(None, map(starved, workers)), ""):
            valid, invalid_reason = False, reason
        else:
            valid, invalid_reason = certify(
                columns,
                rate=plan.mean_rate,
                tightest_limit_s=plan.tightest_limit_s,
                changing=isinstance(plan.rate, Profile),
            )
        attack_s, wait_s = _spans(columns)
        return Run(
            columns,
            RunFacts(
                name=plan.name,
                targets=tuple(target.name for target in plan.targets),
                rate=plan.mean_rate,
                duration_s=plan.duration_s,
                attack_s=attack_s,
                wait_s=wait_s,
                timeout_s=plan.timeout_s,
                connections=plan.connections,
                seed=plan.seed,
                arrivals=plan.arrivals,
                warmup_s=plan.warmup_s,
                warmup_requests=sum(warmup for _, warmup in parts),
                tightest_limit_s=plan.tightest_limit_s,
                started_at=self._started_at(),
                cut_short=cut_short,
                valid=valid,
                invalid_reason=invalid_reason,
                generator=GeneratorFacts(
                    cores=tuple(sorted({core for one in said for core in one["cores"]})),  # type: ignore[attr-defined] # a list of int
                    cpu_s=sum(_number(one["cpu_s"]) for one in said),
                    workers=workers,
                ),
                labels={"rate": str(plan.rate)} if isinstance(plan.rate, Profile) else {},
            ),
        )

    def _started_at(self) -> str:
        start_ns = self._engines[0].spool.head[START_NS]
        if not start_ns:
            return ""
        return (datetime.now(UTC) - timedelta(seconds=time.monotonic() - start_ns / 1e9)).isoformat()


def start(plan: LoadPlan, folder: Path) -> RunningLoad:
    """Start to drive ``plan`` in processes of its own; the first request is due within about 0.1 s.

    Args:
        plan: what to drive.
        folder: where an engine leaves engine.log, with what it had to say when it failed.

    Raises:
        UsageError: the plan names CPUs that this machine does not have.
    """
    cpus = os.cpu_count() or 1
    if any(not 0 <= core < cpus for core in plan.cores):
        raise UsageError(
            f"the generator shall run on the CPUs {', '.join(map(str, plan.cores))}, and this machine has {cpus}",
            where=plan.name,
            mend=f"name CPUs from 0 to {cpus - 1}",
        )
    folder.mkdir(parents=True, exist_ok=True)
    gate_fd = Gate.create()
    engines: list[EngineProcess] = []
    try:
        for number in range(plan.engines):
            log = folder / (f"engine-{number}.log" if number else "engine.log")
            share = Share(number, plan.engines)
            engines.append(EngineProcess(plan, share, rows=room(plan), gate_fd=gate_fd, log=log))
    finally:
        os.close(gate_fd)
    return RunningLoad(plan, engines, tuple(engine.pid for engine in engines))


def room(plan: LoadPlan) -> int:
    """Return how many rows an engine of the plan can need at most."""
    if plan.schedule is not None:
        return -(-plan.schedule.most // plan.engines)
    most = plan.connections + round(_CLOSED_LOOP_RATE * (plan.duration_s + plan.warmup_s))
    return min(MOST_REQUESTS // plan.engines, most)


def _spans(columns: Columns) -> tuple[float, float]:
    """Return the seconds from the first due time to the last due time or send, and from there to the last end."""
    if len(columns) == 0:
        return 0.0, 0.0
    sent = columns.sent_s[np.isfinite(columns.sent_s)]
    done = columns.done_s[np.isfinite(columns.done_s)]
    last = max(float(columns.due_s[-1]), float(sent.max()) if len(sent) else -math.inf)
    return last - float(columns.due_s[0]), max(0.0, float(done.max()) - last) if len(done) else 0.0


def _worker(engine: Engine) -> WorkerFacts:
    said = engine.finished or {}
    told = {name: _number(value) for name, value in said.items() if name in _TOLD and value is not None}
    memory, peak = told.get("memory"), told.get("memory_peak")
    return WorkerFacts(
        place=engine.place,
        cpu=told.get("cpu"),
        memory=None if memory is None else round(memory),
        cpu_s=told.get("cpu_s", 0.0),
        throttled_s=told.get("throttled_s"),
        starved_s=told.get("starved_s"),
        watched_s=told.get("watched_s"),
        memory_peak=None if peak is None else round(peak),
    )


def _number(value: object) -> float:
    assert isinstance(value, int | float)  # noqa: S101 - the engine wrote it
    return float(value)

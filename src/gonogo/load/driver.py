"""The driver: starts the engine's process, watches it, and makes a run of what it recorded."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from gonogo.errors import UsageError
from gonogo.load.certify import certify
from gonogo.load.plan import LoadPlan
from gonogo.load.recording import Recording
from gonogo.load.schedule import MOST_REQUESTS
from gonogo.load.spool import DONE, FAILED, PICKED, SENT, START_NS, Spool
from gonogo.runs.run import Columns, GeneratorFacts, Run, RunFacts

__all__ = ["Progress", "RunningLoad", "start"]

_INTERRUPTED: Final = "interrupted (Ctrl-C)"
_CLOSED_LOOP_RATE: Final = 300_000  # more answers per second than one core can take in
_GRACE_S: Final = 1.0
_OVERTIME_S: Final = 5.0
_FOREVER: Final = float("inf")


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


class RunningLoad:
    """A load that is being driven by the engine's process.

    As a context manager it stops the load and ends the process when it is left; :meth:`wait` gives the run even then.

    Attributes:
        interrupted: Ctrl-C ended the run. wait() keeps what was measured and returns it instead of raising, so
            whoever called it raises KeyboardInterrupt again once the run is stored.
        pid: the engine's process.
    """

    def __init__(self, plan: LoadPlan, folder: Path) -> None:
        self.interrupted = False
        self._plan = plan
        self._run: Run | None = None
        self._events: dict[str, dict[str, object]] = {}
        self._text = b""
        self._asked_to_stop = ""
        spool = Spool.create(_room(plan))
        self._spool = spool
        self._recording = Recording(plan, spool)
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "engine.log"
        tied = threading.current_thread() is threading.main_thread()
        command = [sys.executable, "-P", "-m", "gonogo.load.engine", str(spool.fd), str(spool.rows)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with arguments of our own
                [*command, str(os.getpid()), str(int(tied))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=(spool.fd,),
            )
        self.pid = self._process.pid
        os.close(spool.fd)
        pickled = pickle.dumps(plan)
        self._tell(len(pickled).to_bytes(8, "big") + pickled)

    def progress(self) -> Progress:
        """Return how far the load has come, at no cost to the engine."""
        head = self._spool.head
        elapsed_s = time.monotonic() - head[START_NS] / 1e9 if head[START_NS] else -self._plan.warmup_s
        return Progress(elapsed_s, due=head[PICKED], sent=head[SENT], done=head[DONE], failed=head[FAILED])

    def snapshot(self) -> Columns:
        """Return the measured requests that have become due, as they are now; those on their way have error ``cut``."""
        return self._recording.so_far()

    def stop(self, why: str = "stopped", *, grace_s: float | None = None) -> None:
        """Ask the engine to send nothing more and to end when all is answered; returns at once.

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
        """Stop the load if it still runs, and end the process."""
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
            self._process.kill()
            self._await_end(_OVERTIME_S)

    def _await_end(self, seconds: float | None) -> None:
        """Read what the engine says until it ends; kill it when it does not end in time."""
        output = self._process.stdout
        assert output is not None  # noqa: S101 - it is a pipe
        deadline = time.monotonic() + (self._longest_s() if seconds is None else seconds)
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([output], [], [], left)
            if not ready:
                continue
            got = os.read(output.fileno(), 65536)
            if not got:
                return
            self._hear(got)
        self._process.kill()

    def _hear(self, got: bytes) -> None:
        *lines, self._text = (self._text + got).split(b"\n")
        for line in lines:
            event = json.loads(line)
            self._events[str(event["event"])] = event

    def _longest_s(self) -> float:
        # Names may take their time to resolve before the start, and rows to be written after the end.
        plan = self._plan
        return plan.warmup_s + plan.duration_s + plan.timeout_s + 60.0

    def _tell(self, data: bytes) -> None:
        """Write to the engine; that it has ended meanwhile is found out where its end is awaited."""
        stream = self._process.stdin
        assert stream is not None  # noqa: S101 - it is a pipe
        with contextlib.suppress(BrokenPipeError):
            stream.write(data)
            stream.flush()

    def _finish(self) -> Run:
        process = self._process
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        status = process.wait()
        finished = self._events.get("finished")
        columns, warmup = self._recording.whole(_number(finished["until_s"]) if finished else None)
        plan = self._plan
        cut_short = str(finished["cut_short"]) if finished else self._asked_to_stop
        if finished:
            valid, invalid_reason = certify(columns, rate=plan.rate, tightest_limit_s=plan.tightest_limit_s)
        else:
            valid, invalid_reason = False, self._why_it_died(status)
            cut_short = cut_short or "the load engine died"
        attack_s, wait_s = _spans(columns)
        return Run(
            columns,
            RunFacts(
                name=plan.name,
                targets=tuple(target.name for target in plan.targets),
                rate=plan.rate,
                duration_s=plan.duration_s,
                attack_s=attack_s,
                wait_s=wait_s,
                timeout_s=plan.timeout_s,
                connections=plan.connections,
                seed=plan.seed,
                arrivals=plan.arrivals,
                warmup_s=plan.warmup_s,
                warmup_requests=warmup,
                tightest_limit_s=plan.tightest_limit_s,
                started_at=self._started_at(),
                cut_short=cut_short,
                valid=valid,
                invalid_reason=invalid_reason,
                generator=GeneratorFacts(
                    cores=tuple(finished["cores"]) if finished else (),  # type: ignore[arg-type] # a list of int
                    cpu_s=_number(finished["cpu_s"]) if finished else 0.0,
                ),
            ),
        )

    def _why_it_died(self, status: int) -> str:
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        said = self._log.read_text(errors="replace").strip().splitlines()
        return f"the load engine {how} before the run was over" + (f": {said[-1]}" if said else "")

    def _started_at(self) -> str:
        start_ns = self._spool.head[START_NS]
        if not start_ns:
            return ""
        return (datetime.now(UTC) - timedelta(seconds=time.monotonic() - start_ns / 1e9)).isoformat()


def start(plan: LoadPlan, folder: Path) -> RunningLoad:
    """Start to drive ``plan`` in a process of its own; the first request is due within about 0.1 s.

    Args:
        plan: what to drive.
        folder: where the engine leaves engine.log, with what it had to say when it failed.

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
    return RunningLoad(plan, folder)


def _room(plan: LoadPlan) -> int:
    """Return how many rows the plan can need at most."""
    if plan.schedule is not None:
        return plan.schedule.most
    return min(MOST_REQUESTS, plan.connections + round(_CLOSED_LOOP_RATE * (plan.duration_s + plan.warmup_s)))


def _spans(columns: Columns) -> tuple[float, float]:
    """Return the seconds from the first due time to the last send, and from there to the last end."""
    sent = columns.sent_s[np.isfinite(columns.sent_s)]
    done = columns.done_s[np.isfinite(columns.done_s)]
    if len(columns) == 0 or len(sent) == 0:
        return 0.0, 0.0
    last = float(sent.max())
    return last - float(columns.due_s[0]), max(0.0, float(done.max()) - last) if len(done) else 0.0


def _number(value: object) -> float:
    assert isinstance(value, int | float)  # noqa: S101 - the engine wrote it
    return float(value)

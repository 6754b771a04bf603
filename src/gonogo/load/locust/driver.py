"""The driver of Locust users: starts their process, watches it, and makes a run of what it recorded."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import pickle
import select
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from gonogo.errors import MissingPart, TargetError
from gonogo.load.driver import Progress
from gonogo.load.locust.plan import LocustPlan
from gonogo.load.locust.rows import ROW, read_rows
from gonogo.runs.run import Columns, GeneratorFacts, Run, RunFacts
from gonogo.units import format_count, format_share

__all__ = ["WHAT_IT_CANNOT_TELL", "RunningUsers", "start"]

WHAT_IT_CANNOT_TELL: Final = (
    "closed loop: each of {users} Locust users sends its next request after the last answer, so that while the service "
    "stalls less is asked of it, and stalls weigh less in every percentile than for users who come on their own "
    "(coordinated omission); nothing was due at a time, so latency counts from the sending, and how late the generator "
    "itself was is unknown"
)
_BUSY: Final = 0.9
_READY_S: Final = 60.0
_OVERTIME_S: Final = 15.0
_GRACE_S: Final = 2.0
_INTERRUPTED: Final = "interrupted (Ctrl-C)"


class RunningUsers:
    """Locust users at work, with what a load of the engine has too: see :class:`gonogo.load.driver.RunningLoad`.

    Attributes:
        interrupted: Ctrl-C ended the run; wait() keeps what was measured and returns it.
    """

    def __init__(self, plan: LocustPlan, folder: Path) -> None:
        self.interrupted = False
        self._plan = plan
        self._run: Run | None = None
        self._start = 0.0
        self._names: list[str] = []
        self._said: dict[str, object] | None = None
        self._asked = ""
        self._text = b""
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "locust.log"
        self._rows = os.memfd_create("gonogo-locust")
        tied = threading.current_thread() is threading.main_thread()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with arguments of our own
                [sys.executable, "-P", "-m", "gonogo.load.locust", str(self._rows), str(os.getpid()), str(int(tied))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=(self._rows,),
            )
        try:
            pickled = pickle.dumps(plan)
            self._tell(len(pickled).to_bytes(8, "big") + pickled)
            self._await(_READY_S, until_started=True)
            if not self._start:
                raise self._refusal()  # noqa: TRY301 - the process must be ended in any case
        except BaseException:
            self._end()
            raise

    @property
    def pids(self) -> tuple[int, ...]:
        """The process of the users."""
        return (self._process.pid,)

    def progress(self) -> Progress:
        """Return how far the load has come; what is on its way is not known."""
        done = os.fstat(self._rows).st_size // ROW.size if self._rows >= 0 else 0
        return Progress(time.monotonic() - self._start, due=done, sent=done, done=done, failed=0)

    def snapshot(self, since_s: float = 0.0) -> Columns:
        """Return the measured requests that are over, of those sent from ``since_s`` on."""
        columns, _ = read_rows(self._rows, self._plan.timeout_s)
        return columns if since_s <= 0 else columns.where(columns.due_s >= since_s)

    def stop(self, why: str = "stopped") -> None:
        """Ask the users to finish what they are at and to end; returns at once."""
        if self._run is None and not self._asked:
            self._asked = why
            self._tell(f"stop {why.replace(chr(10), ' ')}\n".encode())

    def wait(self) -> Run:
        """Wait for the end of the load and return the run; Ctrl-C ends it, and the run comes back cut short."""
        if self._run is None:
            plan = self._plan
            try:
                self._await(plan.warmup_s + plan.duration_s + plan.timeout_s + _OVERTIME_S)
            except KeyboardInterrupt:
                self.interrupted = True
                self._hurry(_INTERRUPTED)
            self._run = self._finish()
        return self._run

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the load if it still goes on, and end its process."""
        if self._run is None:
            self.interrupted = self.interrupted or (kind is not None and issubclass(kind, KeyboardInterrupt))
            self._hurry(_INTERRUPTED if self.interrupted else "stopped before its end")
            self._run = self._finish()

    def _hurry(self, why: str) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            self.stop(why)
            self._await(_GRACE_S)

    def _tell(self, data: bytes) -> None:
        stream = self._process.stdin
        assert stream is not None  # noqa: S101 - it is a pipe
        with contextlib.suppress(BrokenPipeError):
            stream.write(data)
            stream.flush()

    def _await(self, seconds: float, *, until_started: bool = False) -> None:
        """Read what the process says until it ends; kill it if that takes too long."""
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - it is a pipe
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([stream], [], [], left)
            if ready and not self._hear(os.read(stream.fileno(), 65536)):
                return
            if until_started and self._start:
                return
        self._process.kill()

    def _hear(self, got: bytes) -> bool:
        *lines, self._text = (self._text + got).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["event"] == "started":
                self._start = event["start"]
            elif event["event"] == "target":
                self._names.append(event["name"])
            else:
                self._said = event
        return bool(got)

    def _end(self) -> int:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if self._process.poll() is None and self._said is None:
            self._process.kill()
        return self._process.wait()

    def _refusal(self) -> TargetError:
        return TargetError(f"Locust did not start: {self._last_words()}", where=self._plan.user.source, mend="mend it")

    def _last_words(self) -> str:
        if self._said is not None and self._said["event"] == "refused":
            return str(self._said["what"])
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"its process ended with status {self._process.poll()}"

    def _finish(self) -> Run:
        status = self._end()
        plan, said = self._plan, self._said
        columns, warmup = read_rows(self._rows, plan.timeout_s)
        os.close(self._rows)
        self._rows = -1
        last_s = float(columns.due_s[-1]) if len(columns) else 0.0
        end_s = float(columns.done_s.max()) if len(columns) else 0.0
        facts = RunFacts(
            name=plan.name,
            targets=tuple(self._names),
            rate=None,
            duration_s=plan.duration_s,
            attack_s=last_s - float(columns.due_s[0]) if len(columns) else 0.0,
            wait_s=max(0.0, end_s - last_s),
            timeout_s=plan.timeout_s,
            connections=plan.users,
            seed=plan.seed,
            arrivals="locust",
            warmup_s=plan.warmup_s,
            warmup_requests=warmup,
            started_at=(datetime.now(UTC) - timedelta(seconds=time.monotonic() - self._start)).isoformat(),
            cut_short=self._asked,
            labels={"locust": plan.user.name, "users": str(plan.users), "spawn_rate": f"{plan.spawn_rate:g}"},
        )
        if said is None:
            died = f"the process of the Locust users ended with status {status}: {self._last_words()}"
            facts = replace(facts, valid=False, invalid_reason=died, cut_short=facts.cut_short or "Locust died")
            return Run(columns, facts)
        used = GeneratorFacts(cores=plan.cores, cpu_s=_number(said["cpu_s"]))
        valid, reason = _certified(columns, said)
        return Run(columns, replace(facts, valid=valid, invalid_reason=reason, generator=used))


def start(plan: LocustPlan, folder: Path) -> RunningUsers:
    """Start to drive ``plan`` in a process of its own.

    Args:
        plan: what to drive.
        folder: where the process leaves locust.log, with what users print and what went wrong.

    Raises:
        MissingPart: Locust is not installed.
        TargetError: the user class cannot be used.
    """
    if importlib.util.find_spec("locust") is None:
        raise MissingPart("Locust is not installed", where=plan.user.source, mend="pip install 'gonogo[locust]'")
    return RunningUsers(plan, folder)


def _certified(columns: Columns, said: dict[str, object]) -> tuple[bool, str]:
    """Return whether the service was the limit, as far as can be told, and if not, why not."""
    if not len(columns):
        return False, "no request was over before the run ended"
    if errors := int(_number(said["errors"])):
        return False, f"the users' own code raised {format_count(errors)} times, first {said['first_error']}"
    share = _number(said["cpu_s"]) / max(1e-9, _number(said["lasted_s"]))
    if share > _BUSY and np.isfinite(share):
        return False, (
            f"Locust used {format_share(share)} of the one core that it can use, so that its latencies are its own; "
            "have fewer users, or drive targets with the engine"
        )
    return True, ""


def _number(value: object) -> float:
    assert isinstance(value, int | float)  # noqa: S101 - the process of the users wrote it
    return float(value)

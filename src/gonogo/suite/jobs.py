"""Jobs as a suite sees them: run one, wait for its end, look at what it did."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, Generic, TypeVar

from gonogo.errors import StackError, UsageError
from gonogo.manifests.schedule import Schedule
from gonogo.manifests.topology import CronJob, Job
from gonogo.platforms.interface import JobPod, JobRun, JobRunner, RunningStack, TakenName
from gonogo.units import format_duration, parse_duration

__all__ = ["CronJobHandle", "FinishedJob", "JobHandle", "JobTable", "StartedJob", "cron_jobs_of", "jobs_of"]

_POLL_S: Final = 0.05
_END_S: Final = 60.0
_MARK: Final = "--- gonogo: "

Handle = TypeVar("Handle")


@dataclass(frozen=True, slots=True)
class FinishedJob:
    """A Job that has ended.

    Attributes:
        name: ``namespace/name`` of the run.
        succeeded: whether it is complete.
        reason: ``Complete``, ``BackoffLimitExceeded``, ``DeadlineExceeded``, or in words.
        started_at: in UTC, as ``ended_at``.
        pods: every Pod that it started, replacements of failed ones included.
    """

    name: str
    succeeded: bool
    reason: str
    started_at: datetime
    ended_at: datetime
    pods: tuple[JobPod, ...]

    @property
    def exit_code(self) -> int | None:
        """0 of a complete Job; else the exit status of the last Pod that failed, None when a signal ended it."""
        failed = [pod for pod in self.pods if pod.phase == "failed"]
        return 0 if self.succeeded else failed[-1].exit_status if failed else None

    @property
    def duration_s(self) -> float:
        """Seconds from its start to the end of its last Pod."""
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def attempts(self) -> int:
        """How many Pods were started, and containers started again in them."""
        return len(self.pods) + sum(pod.restarts for pod in self.pods)

    @property
    def log(self) -> str:
        """What all its Pods wrote, one Pod after the other."""
        return "".join(_output(pod) for pod in self.pods)


class StartedJob:
    """A Job that was started and may still run.

    Args:
        stack: where it runs.
        name: ``namespace/name`` of the run.
    """

    def __init__(self, stack: JobRunner, name: str) -> None:
        self._stack = stack
        self.name = name

    @property
    def now(self) -> JobRun:
        """Its state now."""
        return next(run for run in self._stack.job_runs() if run.name == self.name)

    @property
    def pods(self) -> tuple[JobPod, ...]:
        """Every Pod so far."""
        return self.now.pods

    def kill(self, pod: JobPod) -> None:
        """Kill every process of one of its Pods with SIGKILL; the Job decides what follows."""
        self._stack.kill(pod.name)

    def wait(self, timeout: float | str = "5m") -> FinishedJob:
        """Wait for its end.

        Args:
            timeout: seconds, or text such as ``"5m"``; after it the Job is ended.

        Raises:
            StackError: it did not end in time.
        """
        limit_s = parse_duration(timeout)
        if not self._ends_within(limit_s):
            self.end(f"not done after {format_duration(limit_s)}")
            raise StackError(
                f"the Job was still running after {format_duration(limit_s)}, and was ended",
                where=self.name,
                mend=f"see {', '.join(str(pod.log) for pod in self.pods) or 'why it has no Pod'}, or allow more time",
            )
        return _finished(self.now)

    def end(self, reason: str = "ended on purpose") -> None:
        """End it with its Pods' grace time; it has failed then."""
        self._stack.end_job(self.name, reason)
        self._ends_within(_END_S)

    def _ends_within(self, limit_s: float) -> bool:
        deadline = time.monotonic() + limit_s
        while self.now.phase == "running":
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True


class JobHandle:
    """A Job of the manifests, or what a CronJob makes Jobs of."""

    def __init__(self, stack: JobRunner, job: Job, *, suffix: str = "") -> None:
        self._stack = stack
        self._suffix = suffix
        self.job = job

    @property
    def runs(self) -> tuple[JobRun, ...]:
        """Every run so far, those included that the manifests or a schedule started, in the order of their starts."""
        return tuple(run for run in self._stack.job_runs() if run.job == str(self.job))

    def start(self, env: Mapping[str, str] | None = None) -> StartedJob:
        """Start it once more, also when it is suspended, and return at once.

        Args:
            env: variables for all its containers, over those of the manifest.
        """
        taken = {run.name for run in self._stack.job_runs()}
        first = f"{self.job.name}{self._suffix}"
        names = itertools.chain([first], (f"{first}-{count}" for count in itertools.count(2)))
        while True:
            name = next(names)
            full = f"{self.job.namespace}/{name}"
            # A cluster also holds names of Jobs that are no runs, such as a suspended one.
            with suppress(TakenName):
                if full not in taken:
                    self._stack.start_job(self.job, name, env or {})
                    return StartedJob(self._stack, full)

    def run(self, env: Mapping[str, str] | None = None, timeout: float | str = "5m") -> FinishedJob:
        """Start it once more and wait for its end.

        Args:
            env: variables for all its containers, over those of the manifest.
            timeout: seconds, or text such as ``"5m"``; after it the Job is ended.

        Raises:
            StackError: it did not end in time.
        """
        return self.start(env).wait(timeout)

    def first(self) -> StartedJob:
        """Return the run that the manifests started.

        Raises:
            UsageError: it is suspended, so that they started none.
        """
        if not self.runs:
            raise UsageError(
                "the manifests start no such Job", where=str(self.job), mend="start it, or set suspend off"
            )
        return StartedJob(self._stack, self.runs[0].name)


class CronJobHandle(JobHandle):
    """A CronJob of the manifests. In a suite it runs only when it is asked to: ``gonogo up`` keeps schedules."""

    def __init__(self, stack: JobRunner, cron_job: CronJob) -> None:
        super().__init__(stack, cron_job.job, suffix="-manual")
        self.cron_job = cron_job

    def next_times(self, count: int = 5, after: datetime | None = None) -> tuple[datetime, ...]:
        """Return the next ``count`` moments of its schedule after ``after`` (now), in its own time zone."""
        schedule = Schedule(self.cron_job.schedule, self.cron_job.time_zone)
        return schedule.next_times(after or datetime.now(UTC), count)


class JobTable(Generic[Handle]):
    """The Jobs, or the CronJobs, of a stack by ``name`` or ``namespace/name``."""

    def __init__(self, kind: str, declared: Mapping[str, Callable[[], Handle]]) -> None:
        self._kind = kind
        self._declared = declared

    def __getitem__(self, name: str) -> Handle:
        """Return the one called ``name``.

        Raises:
            UsageError: there is none, or there are several.
        """
        found = [make for full, make in self._declared.items() if name in (full, full.partition("/")[2])]
        if len(found) == 1:
            return found[0]()
        known = ", ".join(self._declared) or "none"
        what = f"{len(found)} {self._kind}s are called {name!r}" if found else f"no {self._kind} is called {name!r}"
        raise UsageError(what, mend=f"the manifests declare: {known}")

    def __len__(self) -> int:
        return len(self._declared)


def jobs_of(running: RunningStack) -> JobTable[JobHandle]:
    """Return the Jobs of a stack.

    Raises:
        UsageError: its platform runs no Jobs.
    """
    runner = _runner(running)
    declared = {f"{job.namespace}/{job.name}": partial(JobHandle, runner, job) for job in running.topology.jobs}
    return JobTable("Job", declared)


def cron_jobs_of(running: RunningStack) -> JobTable[CronJobHandle]:
    """Return the CronJobs of a stack.

    Raises:
        UsageError: its platform runs no Jobs.
    """
    runner = _runner(running)
    declared = {
        f"{each.namespace}/{each.name}": partial(CronJobHandle, runner, each) for each in running.topology.cron_jobs
    }
    return JobTable("CronJob", declared)


def _runner(running: RunningStack) -> JobRunner:
    if not isinstance(running, JobRunner):
        raise UsageError("this platform runs no Jobs", mend="use --gonogo-platform process")
    return running


def _finished(run: JobRun) -> FinishedJob:
    return FinishedJob(
        name=run.name,
        succeeded=run.phase == "complete",
        reason=run.reason,
        started_at=datetime.fromtimestamp(run.started_at, UTC),
        ended_at=datetime.fromtimestamp(run.ended_at or run.started_at, UTC),
        pods=run.pods,
    )


def _output(pod: JobPod) -> str:
    lines = pod.log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_MARK))

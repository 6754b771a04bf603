"""Keeping the schedules of CronJobs: when a Job is due, and what the Job before it means for that.

The rules are those of Kubernetes' CronJob controller:
https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gonogo.manifests.schedule import Schedule
from gonogo.manifests.topology import CronJob
from gonogo.platforms.interface import JobRun, JobRunner

__all__ = ["Due", "ScheduleKeeper", "beyond_history", "due_now"]

_MOST_MISSED: Final = 100


@dataclass(frozen=True, slots=True)
class Due:
    """What to do about a schedule now.

    Attributes:
        start: the moment of the schedule for which a Job is to be started; None: none.
        replaces: whether Jobs that still run are to be ended for it.
        said: what a person should know; empty: nothing.
        settled: the last moment of the schedule that needs no further thought.
    """

    settled: datetime
    start: datetime | None = None
    replaces: bool = False
    said: str = ""


def due_now(cron_job: CronJob, settled: datetime, now: datetime, *, running: int) -> Due:
    """Return what ``cron_job`` wants at ``now``.

    Only the last of several missed moments is made up for, and none that is older than the starting deadline. Under
    Forbid a moment that comes while a Job runs stays due until that Job has ended or its starting deadline has passed.

    Args:
        cron_job: what is declared.
        settled: the last moment that was started or left out; at first, when the schedule began to be kept.
        now: the time, with a zone.
        running: how many Jobs of it run.
    """
    if cron_job.suspended:
        return Due(now)
    earliest = settled
    if cron_job.starting_deadline_s is not None:
        earliest = max(settled, now - timedelta(seconds=cron_job.starting_deadline_s))
    missed = _between(cron_job, earliest, now)
    if not missed:
        late = _between(cron_job, settled, now)
        said = f"{cron_job}: the start at {late[-1]:%H:%M:%S} is too late and is left out" if late else ""
        return Due(late[-1] if late else settled, said=said)
    last = missed[-1]
    said = f"{cron_job}: {len(missed) - 1} starts were missed" if len(missed) > 1 else ""
    if running and cron_job.concurrency == "Forbid":
        return Due(settled)
    return Due(last, start=last, replaces=running > 0 and cron_job.concurrency == "Replace", said=said)


def beyond_history(cron_job: CronJob, runs: Sequence[JobRun]) -> tuple[JobRun, ...]:
    """Return the runs that the history limits no longer keep, of runs in the order of their starts."""
    kept = {"complete": cron_job.successful_limit, "failed": cron_job.failed_limit}
    gone = []
    for phase, limit in kept.items():
        ended = [run for run in runs if run.phase == phase]
        gone += ended[: max(0, len(ended) - limit)]
    return tuple(gone)


class ScheduleKeeper:
    """Starts the Jobs of a stack's CronJobs when they are due.

    Args:
        runner: the stack.
        cron_jobs: those of its topology.
        began: when the schedules begin to be kept.
        say: takes a line for a person.
    """

    def __init__(
        self, runner: JobRunner, cron_jobs: Sequence[CronJob], began: datetime, say: Callable[[str], None]
    ) -> None:
        self._runner = runner
        self._settled = {str(cron_job): (cron_job, began) for cron_job in cron_jobs}
        self._say = say
        self._told: set[str] = set()

    def tick(self, now: datetime) -> None:
        """Start what is due at ``now``, and tell which runs have ended; call it about once a second."""
        runs = self._runner.job_runs()
        for name, (cron_job, settled) in self._settled.items():
            own = [run for run in runs if run.job == str(cron_job.job)]
            running = [run for run in own if run.phase == "running"]
            due = due_now(cron_job, settled, now, running=len(running))
            self._settled[name] = cron_job, due.settled
            if due.said:
                self._say(due.said)
            for old in running if due.replaces else ():
                self._runner.end_job(old.name, "replaced by the next run")
            # As Kubernetes names them: by the minutes since 1970. A second one of the same minute is none.
            run = f"{cron_job.name}-{int(due.start.timestamp()) // 60}" if due.start else ""
            if due.start and f"{cron_job.namespace}/{run}" not in {one.name for one in own}:
                self._runner.start_job(cron_job.job, run, {})
                self._say(f"{cron_job}: started for {due.start:%Y-%m-%d %H:%M:%S %Z}")
            self._tell(own, beyond_history(cron_job, own))

    def _tell(self, runs: Sequence[JobRun], gone: Sequence[JobRun]) -> None:
        """Tell of every run once how it ended, and remove the logs that the history limits no longer keep."""
        for run in runs:
            if run.phase != "running" and run.name not in self._told:
                self._told.add(run.name)
                self._say(f"{run.name}: {run.reason}")
        for run in gone:
            for pod in run.pods:
                pod.log.unlink(missing_ok=True)


def _between(cron_job: CronJob, after: datetime, until: datetime) -> tuple[datetime, ...]:
    """Return the moments of the schedule in the time span, the last ones when there are very many."""
    found: list[datetime] = []
    for moment in Schedule(cron_job.schedule, cron_job.time_zone).after(after):
        if moment > until:
            break
        found.append(moment)
        del found[:-_MOST_MISSED]
    return tuple(found)

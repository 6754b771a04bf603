"""Schedules of CronJobs, kept as Kubernetes keeps them; the clock is the test's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gonogo.manifests.topology import CronJob, Job
from gonogo.platforms.interface import JobPod, JobRun
from gonogo.suite.schedule import ScheduleKeeper, beyond_history, due_now
from tests.contracts.topologies import deployment

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOURLY = CronJob(Job(replace(deployment("nightly", restart_policy="Never"), kind="Job"), kind="CronJob"), "19 * * * *")


def at(hour: int, minute: int, second: int = 0) -> datetime:
    """Return a time of that day."""
    return BEGAN.replace(hour=hour, minute=minute, second=second)


class Runner:
    """Notes what was started and ended; runs stay as the test sets them."""

    def __init__(self) -> None:
        self.runs: list[JobRun] = []

    def start_job(self, job: Job, run: str, env: Mapping[str, str]) -> None:
        del env
        self.runs.append(JobRun(f"{job.namespace}/{run}", str(job), "running", "", 0.0, None, ()))

    def end_job(self, run: str, reason: str) -> None:
        self.runs = [replace(each, phase="failed", reason=reason) if each.name == run else each for each in self.runs]

    def job_runs(self) -> tuple[JobRun, ...]:
        return tuple(self.runs)

    def kill(self, replica: str) -> None:
        raise AssertionError(replica)


def test_a_job_is_started_once_when_it_is_due() -> None:
    """Not before its minute, and once however often the keeper looks."""
    runner = Runner()
    keeper = ScheduleKeeper(runner, [HOURLY], BEGAN, lambda _: None)
    for second in range(3):
        keeper.tick(at(12, 18, 57 + second))
    assert runner.runs == []
    for second in range(3):
        keeper.tick(at(12, 19, second))
    assert [run.name for run in runner.runs] == [f"shop/nightly-{int(at(12, 19).timestamp()) // 60}"]


def test_allow_starts_beside_a_job_that_runs() -> None:
    """Two run at the same time."""
    assert due_now(HOURLY, at(12, 19), at(13, 19), running=1).start == at(13, 19)


def test_forbid_waits_for_the_job_that_runs() -> None:
    """The start stays due, and comes when that Job has ended."""
    forbid = replace(HOURLY, concurrency="Forbid")
    waiting = due_now(forbid, at(12, 19), at(13, 19), running=1)
    assert (waiting.start, waiting.settled) == (None, at(12, 19))
    assert due_now(forbid, waiting.settled, at(13, 40), running=0).start == at(13, 19)


def test_forbid_leaves_a_start_out_when_its_deadline_has_passed() -> None:
    """StartingDeadlineSeconds counts from the moment of the schedule."""
    forbid = replace(HOURLY, concurrency="Forbid", starting_deadline_s=600.0)
    late = due_now(forbid, at(12, 19), at(13, 40), running=0)
    assert (late.start, late.settled) == (None, at(13, 19))
    assert "too late" in late.said


def test_replace_ends_the_job_that_runs() -> None:
    """The new one is started in its place."""
    runner = Runner()
    keeper = ScheduleKeeper(runner, [replace(HOURLY, concurrency="Replace")], BEGAN, lambda _: None)
    keeper.tick(at(12, 19))
    keeper.tick(at(13, 19))
    assert [run.phase for run in runner.runs] == ["failed", "running"]


def test_of_several_missed_starts_the_last_is_made_up_for() -> None:
    """A machine that slept for three hours starts one Job."""
    due = due_now(HOURLY, BEGAN, at(15, 0), running=0)
    assert (due.start, due.settled) == (at(14, 19), at(14, 19))
    assert "2 starts were missed" in due.said


def test_a_suspended_schedule_starts_nothing_and_catches_nothing_up() -> None:
    """What was due meanwhile is forgotten."""
    assert due_now(replace(HOURLY, suspended=True), BEGAN, at(15, 0), running=0).settled == at(15, 0)


def test_history_keeps_the_last_of_each_kind(tmp_path: Path) -> None:
    """Three complete Jobs and one failed one by default; logs of the others go."""
    log = tmp_path / "pod.log"
    pod = JobPod("shop/nightly/0", None, "succeeded", 0, "", 0, 0.0, 1.0, log)
    complete = [JobRun(f"shop/{n}", "", "complete", "Complete", n, n + 1, (pod,)) for n in range(5)]
    failed = [replace(run, name=f"{run.name}-f", phase="failed") for run in complete[:2]]
    gone = beyond_history(HOURLY, [*complete, *failed])
    assert [run.name for run in gone] == ["shop/0", "shop/1", "shop/0-f"]

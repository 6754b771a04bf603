"""CronJobs, suspended Jobs, deadlines and indexes in a real cluster: its controllers act, the stack tells of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gonogo.errors import UsageError
from gonogo.platforms.cluster import ClusterPlatform
from gonogo.platforms.cluster.access import connect, current_context
from gonogo.platforms.cluster.api import Api
from gonogo.platforms.cluster.names import DECLARED
from gonogo.platforms.interface import JobRun
from gonogo.suite.stack import Stack
from gonogo.wiring import read_manifests
from tests.contracts.waiting import eventually

WITHIN_S = 90.0
INDEXED = "completionMode: Indexed\n  completions: 3\n  parallelism: 3\n  backoffLimit: 0"

CRON_JOB = """
apiVersion: batch/v1
kind: CronJob
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  schedule: "0 0 31 12 *"
  timeZone: Etc/UTC
  concurrencyPolicy: {policy}
  suspend: {suspended}
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 1
          containers:
            - {{name: main, image: {image}, command: [/bin/sh, -c, "echo started; {script}"]}}
---
"""
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  suspend: true
  {fields}
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers:
        - {{name: main, image: {image}, command: [/bin/sh, -c, '{script}']}}
---
"""


class Clockwork:
    """A stack of CronJobs and Jobs, and the means to make a start of a CronJob due without waiting for the minute.

    Args:
        stack: what runs.
        api: of the cluster.
        space: the stack's namespace in it.
    """

    def __init__(self, stack: Stack, api: Api, space: str) -> None:
        self.stack = stack
        self._api = api
        self._path = f"/apis/batch/v1/namespaces/{space}/cronjobs"
        self._space = space

    def due(self, name: str, *, minutes_ago: int) -> None:
        """Have a start of ``name`` be due since some minutes, which its controller makes up for at once."""
        at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        before = (at - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._api.merge(f"{self._path}/{name}", {"spec": {"schedule": f"{at.minute} {at.hour} * * *"}})
        # After a new schedule its controller waits for the next start; a new status has it look at once.
        self._api.merge(f"{self._path}/{name}/status", {"status": {"lastScheduleTime": before}})

    def runs(self, name: str) -> tuple[JobRun, ...]:
        """The Jobs that the schedule of ``name`` started."""
        return self.stack.cron_jobs[name].runs

    def running(self, name: str, count: int) -> tuple[JobRun, ...]:
        """The Jobs of ``name`` once so many of them have a Pod that runs."""

        def ready() -> tuple[JobRun, ...]:
            found = tuple(run for run in self.runs(name) if run.phase == "running" and run.pods)
            return found if len(found) == count else ()

        return eventually(ready, WITHIN_S)

    def told(self, reason: str, name: str) -> bool:
        """Whether the cluster has told of ``reason`` about the CronJob ``name``."""
        listed = self._api.get(f"/api/v1/namespaces/{self._space}/events")["items"]
        return any(each["reason"] == reason and each["involvedObject"]["name"] == name for each in listed)


@pytest.fixture(scope="module")
def clockwork(
    cluster: ClusterPlatform, echo_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clockwork]:
    """One stack for all tests here: starting and removing it takes longer than any of them."""
    folder = tmp_path_factory.mktemp("schedules")
    place = {"namespace": f"cron-{secrets.token_hex(3)}", "image": echo_image}
    cron = {"suspended": "false", "policy": "Forbid", "script": "sleep 600", **place}
    text = "".join(
        [
            CRON_JOB.format_map({**cron, "name": "quick", "script": "true"}),
            CRON_JOB.format_map({**cron, "name": "one-at-a-time"}),
            CRON_JOB.format_map({**cron, "name": "newest", "policy": "Replace"}),
            CRON_JOB.format_map({**cron, "name": "side-by-side", "policy": "Allow"}),
            CRON_JOB.format_map({**cron, "name": "paused", "suspended": "true", "script": "true"}),
            JOB.format_map({**place, "name": "waiting", "fields": "backoffLimit: 0", "script": "echo asked"}),
            JOB.format_map({**place, "name": "late", "fields": "activeDeadlineSeconds: 2", "script": "sleep 600"}),
            JOB.format_map(
                {**place, "name": "uneven", "fields": INDEXED, "script": "test $JOB_COMPLETION_INDEX != 1"},
            ),
        ]
    )
    file = folder / "jobs.yaml"
    file.write_text(text, encoding="utf-8")
    api = connect([current_context()])
    with cluster.start(read_manifests([file]).topology, workdir=folder / "stack", ready_timeout_s=60.0) as running:
        [space] = api.get("/api/v1/namespaces", labelSelector=f"{DECLARED}={place['namespace']}")["items"]
        yield Clockwork(Stack(running), api, space["metadata"]["name"])


def test_the_clusters_clock_starts_a_job(clockwork: Clockwork) -> None:
    """What is due is started by the CronJob controller, and is a run of the CronJob like any other."""
    clockwork.due("quick", minutes_ago=1)
    [run] = eventually(lambda: [run for run in clockwork.runs("quick") if run.phase != "running"], WITHIN_S)
    assert (run.job.partition(" ")[0], run.phase, run.reason) == ("CronJob", "complete", "Complete")


def test_under_forbid_a_run_is_not_disturbed(clockwork: Clockwork) -> None:
    """A start that is due while a Job runs is left out, as its controller says."""
    clockwork.due("one-at-a-time", minutes_ago=2)
    clockwork.running("one-at-a-time", 1)
    clockwork.due("one-at-a-time", minutes_ago=1)
    eventually(lambda: clockwork.told("JobAlreadyActive", "one-at-a-time"), WITHIN_S)
    assert [run.phase for run in clockwork.runs("one-at-a-time")] == ["running"]


def test_under_replace_the_run_before_has_failed(clockwork: Clockwork) -> None:
    """Its controller deletes it for the next one, which runs."""
    clockwork.due("newest", minutes_ago=2)
    clockwork.running("newest", 1)
    clockwork.due("newest", minutes_ago=1)
    first, second = eventually(lambda: clockwork.runs("newest") if len(clockwork.runs("newest")) > 1 else (), WITHIN_S)
    assert (first.phase, first.reason, second.phase) == ("failed", "replaced by the next run", "running")


def test_under_allow_runs_are_side_by_side(clockwork: Clockwork) -> None:
    """The next one starts while the one before runs."""
    clockwork.due("side-by-side", minutes_ago=2)
    clockwork.running("side-by-side", 1)
    clockwork.due("side-by-side", minutes_ago=1)
    assert len(clockwork.running("side-by-side", 2)) == 2


def test_a_suspended_cron_job_runs_when_it_is_asked_to(clockwork: Clockwork) -> None:
    """Its schedule starts nothing; ``run`` does."""
    assert clockwork.runs("paused") == ()
    assert clockwork.stack.cron_jobs["paused"].run(timeout=WITHIN_S).succeeded


def test_a_suspended_job_has_not_started(clockwork: Clockwork) -> None:
    """The cluster holds it, and it is no run until somebody asks for one."""
    waiting = clockwork.stack.jobs["waiting"]
    with pytest.raises(UsageError, match="the manifests start no such Job"):
        waiting.first()
    assert waiting.run(timeout=WITHIN_S).log == "asked\n"


def test_a_job_beyond_its_deadline_has_failed(clockwork: Clockwork) -> None:
    """The Job controller ends its Pods and says why."""
    finished = clockwork.stack.jobs["late"].run(timeout=WITHIN_S)
    assert (finished.succeeded, finished.reason) == (False, "DeadlineExceeded")


def test_the_index_that_failed_is_told(clockwork: Clockwork) -> None:
    """Of an Indexed Job it is known which index failed and how."""
    finished = clockwork.stack.jobs["uneven"].run(timeout=WITHIN_S)
    failed = [(pod.index, pod.exit_status) for pod in finished.pods if pod.phase == "failed" and pod.exit_status]
    assert (finished.succeeded, finished.reason, failed) == (False, "BackoffLimitExceeded", [(1, 1)])

"""What a Job does next, by the rules of Kubernetes' Job controller; no process is started."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gonogo.manifests.topology import Job
from gonogo.platforms.process.jobs.rule import PodState, Step, next_step, replacement_delay_s
from tests.contracts.topologies import deployment

JOB = Job(replace(deployment("nightly", kind="Pod", restart_policy="Never"), kind="Job"))


def declared(*, parallelism: int = 1, **fields: object) -> Job:
    """Return a Job with these fields."""
    return replace(JOB, template=replace(JOB.template, replicas=parallelism), **fields)  # type: ignore[arg-type]  # fields of the test


def step(job: Job, *pods: PodState, age_s: float = 1.0, now_s: float = 1000.0) -> Step:
    """Return the next step at a moment long after every failure."""
    return next_step(job, pods, age_s=age_s, now_s=now_s)


def succeeded(index: int | None = None) -> PodState:
    """Return a Pod that has succeeded."""
    return PodState(index, "succeeded", ended_at=1.0)


def failed(index: int | None = None, ended_at: float = 1.0) -> PodState:
    """Return a Pod that has failed."""
    return PodState(index, "failed", ended_at=ended_at)


def running(index: int | None = None, restarts: int = 0) -> PodState:
    """Return a Pod that runs."""
    return PodState(index, "running", restarts)


INDEXED = declared(parallelism=2, completions=4, indexed=True)
THREE = declared(parallelism=2, completions=3)
QUEUE = declared(parallelism=3, completions=None)


@pytest.mark.parametrize(
    ("job", "pods", "expected"),
    [
        (JOB, [], Step((None,))),
        (JOB, [running()], Step()),
        (JOB, [succeeded()], Step(ended="Complete")),
        (JOB, [failed()], Step((None,))),
        (THREE, [], Step((None, None))),
        (THREE, [succeeded(), succeeded()], Step((None,))),
        (THREE, [succeeded(), succeeded(), running()], Step()),
        (INDEXED, [], Step((0, 1))),
        (INDEXED, [running(0), succeeded(1)], Step((2,))),
        (INDEXED, [failed(0), running(1)], Step((0,))),
        (INDEXED, [succeeded(0), succeeded(1), succeeded(2), running(3)], Step()),
        (INDEXED, [succeeded(index) for index in range(4)], Step(ended="Complete")),
        (QUEUE, [], Step((None, None, None))),
        (QUEUE, [succeeded(), running(), running()], Step()),
        (QUEUE, [succeeded(), failed()], Step(ended="Complete")),
        (QUEUE, [failed(), running(), running()], Step((None,))),
        (declared(parallelism=0), [], Step()),
        (declared(completions=0), [], Step(ended="Complete")),
        (declared(backoff_limit=1), [failed(), failed()], Step(ended="BackoffLimitExceeded", stop=True)),
        (declared(backoff_limit=1), [failed(), running()], Step()),
        (declared(backoff_limit=0), [failed()], Step(ended="BackoffLimitExceeded", stop=True)),
    ],
)
def test_the_next_step_follows_from_the_pods(job: Job, pods: list[PodState], expected: Step) -> None:
    """How many Pods are started, of which indexes, and when a Job has ended."""
    assert step(job, *pods) == expected


def test_a_deadline_ends_a_job_that_runs() -> None:
    """At activeDeadlineSeconds, and not before."""
    job = declared(active_deadline_s=60.0)
    assert step(job, running(), age_s=59.9) == Step()
    assert step(job, running(), age_s=60.0) == Step(ended="DeadlineExceeded", stop=True)


def test_restarts_within_a_pod_count_under_on_failure() -> None:
    """The container is started again as often as backoffLimit says, as Kubernetes counts it."""
    again = replace(JOB.template, restart_policy="OnFailure")
    job = replace(JOB, template=again, backoff_limit=2)
    assert step(job, running(restarts=1)) == Step()
    assert step(job, running(restarts=2)).ended == "BackoffLimitExceeded"


def test_failed_pods_are_replaced_ever_more_slowly() -> None:
    """A fiftieth of 10 s, doubled up to 360 s."""
    assert [replacement_delay_s(count) for count in (1, 2, 3, 7)] == [0.2, 0.4, 0.8, 7.2]


def test_a_success_forgets_the_failures_before_it() -> None:
    """The wait counts failures since the last success only."""
    pods = [failed(0, 1.0), failed(0, 2.0), PodState(0, "succeeded", ended_at=3.0), failed(1, 4.0)]
    assert step(INDEXED, *pods, now_s=4.1) == Step()
    assert step(INDEXED, *pods, now_s=4.2) == Step((1, 2))

"""What a Job does next: the rules of Kubernetes' Job controller, as a pure function.

https://kubernetes.io/docs/concepts/workloads/controllers/job/ and pkg/controller/job of Kubernetes. Failed Pods are
replaced after 10 s, doubled with every failure in a row up to 360 s; here everything is a fiftieth of that (0.2 s up to
7.2 s), as for restarts of containers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from gonogo.manifests.topology import Job
from gonogo.platforms.process.spec import Phase

__all__ = ["COMPLETE", "PodState", "Step", "next_step", "replacement_delay_s"]

COMPLETE: Final = "Complete"

Reason = Literal["", "Complete", "BackoffLimitExceeded", "DeadlineExceeded"]

_FIRST_S: Final = 0.2
_MOST_S: Final = 7.2


@dataclass(frozen=True, slots=True)
class PodState:
    """A Pod of a Job.

    Attributes:
        index: its completion index; None where the Job has none.
        restarts: containers started again in it.
        ended_at: in seconds of the caller's clock; None while it runs.
    """

    index: int | None
    phase: Phase
    restarts: int = 0
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now.

    Attributes:
        start: a Pod for each of these indexes (None for one without).
        ended: why the Job has ended, or is to be ended; empty while it goes on.
        stop: whether Pods that still run are to be ended.
    """

    start: tuple[int | None, ...] = ()
    ended: Reason = ""
    stop: bool = False


def next_step(job: Job, pods: Sequence[PodState], *, age_s: float, now_s: float) -> Step:
    """Return what ``job`` does next.

    Args:
        job: what was declared.
        pods: every Pod it has started.
        age_s: seconds since it was started.
        now_s: the time by the clock of ``PodState.ended_at``.
    """
    running = [pod for pod in pods if pod.phase == "running"]
    failures = sum(pod.phase == "failed" for pod in pods)
    if failures > job.backoff_limit or _restarted_too_often(job, running):
        return Step(ended="BackoffLimitExceeded", stop=True)
    if job.active_deadline_s is not None and age_s >= job.active_deadline_s:
        return Step(ended="DeadlineExceeded", stop=True)
    done = [pod for pod in pods if pod.phase == "succeeded"]
    left = _left(job, done)
    if not left and not running:
        return Step(ended="Complete")
    missing = max(0, min(left, job.parallelism) - len(running)) if now_s >= _not_before(pods) else 0
    if not job.indexed:
        return Step((None,) * missing)
    taken = {pod.index for pod in (*running, *done)}
    free = (index for index in range(job.completions or 0) if index not in taken)
    return Step(tuple(index for index, _ in zip(free, range(missing), strict=False)))


def _left(job: Job, done: Sequence[PodState]) -> int:
    """Return how many successes are missing."""
    if job.completions is None:
        # A queue that the Pods share: after the first success those that run finish, and no other is started.
        return 0 if done else max(1, job.parallelism)
    return job.completions - (len({pod.index for pod in done}) if job.indexed else len(done))


def replacement_delay_s(failures: int) -> float:
    """Return the seconds to wait after the ``failures``-th failed Pod in a row, counted from 1."""
    return float(min(_MOST_S, _FIRST_S * 2 ** min(failures - 1, 16)))


def _restarted_too_often(job: Job, running: Sequence[PodState]) -> bool:
    """Whether restarts within Pods, which happen under OnFailure only, have used the limit up."""
    restarts = sum(pod.restarts for pod in running)
    if job.template.restart_policy != "OnFailure":
        return False
    return restarts > 0 if job.backoff_limit == 0 else restarts >= job.backoff_limit


def _not_before(pods: Sequence[PodState]) -> float:
    """Return the moment before which no failed Pod is replaced: the wait grows with the failures since a success."""
    in_a_row, last = 0, 0.0
    for pod in sorted((pod for pod in pods if pod.ended_at is not None), key=lambda pod: pod.ended_at or 0.0):
        in_a_row = in_a_row + 1 if pod.phase == "failed" else 0
        last = pod.ended_at or 0.0
    return last + replacement_delay_s(in_a_row) if in_a_row else 0.0

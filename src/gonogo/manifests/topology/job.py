"""What runs to its end, at once or by a schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gonogo.manifests.topology.workload import Workload

__all__ = ["CronJob", "Job"]


@dataclass(frozen=True, slots=True)
class Job:
    """A Job of batch/v1, or what a CronJob makes Jobs of, with Kubernetes' defaults.

    https://kubernetes.io/docs/concepts/workloads/controllers/job/

    Attributes:
        template: its Pods; ``replicas`` is the parallelism.
        completions: Pods that must succeed; None: any success will do, and then no further Pod is started.
        indexed: each completion is an index, given to its Pod as ``JOB_COMPLETION_INDEX``.
        backoff_limit: failed Pods (and, under OnFailure, restarts) that are tolerated.
        active_deadline_s: seconds from its start after which its Pods are ended and it has failed; None: no deadline.
        ttl_s: seconds after its end for which it is kept; None: for good.
        suspended: it starts no Pods until somebody resumes it.
        kind: of the object that declares it.
    """

    template: Workload
    completions: int | None = 1
    indexed: bool = False
    backoff_limit: int = 6
    active_deadline_s: float | None = None
    ttl_s: float | None = None
    suspended: bool = False
    kind: Literal["Job", "CronJob"] = "Job"

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.template.namespace

    @property
    def name(self) -> str:
        """Its name, or that of the CronJob that makes it."""
        return self.template.name

    @property
    def parallelism(self) -> int:
        """How many of its Pods run at the same time."""
        return self.template.replicas

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class CronJob:
    """A CronJob of batch/v1, with Kubernetes' defaults.

    https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/

    Attributes:
        job: what it starts.
        schedule: five fields or a macro; :class:`gonogo.manifests.schedule.Schedule` reads it.
        time_zone: IANA name of the zone that the schedule is in.
        concurrency: what becomes of a start that is due while the last Job still runs.
        starting_deadline_s: a start that is later than this is left out; None: however late.
        successful_limit: how many complete Jobs are kept.
        failed_limit: how many failed Jobs are kept.
    """

    job: Job
    schedule: str
    time_zone: str = "UTC"
    concurrency: Literal["Allow", "Forbid", "Replace"] = "Allow"
    starting_deadline_s: float | None = None
    successful_limit: int = 3
    failed_limit: int = 1
    suspended: bool = False

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.job.namespace

    @property
    def name(self) -> str:
        """Its name."""
        return self.job.name

    def __str__(self) -> str:
        return f"CronJob {self.namespace}/{self.name}"

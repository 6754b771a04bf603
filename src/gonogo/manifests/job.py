"""Jobs and CronJobs (batch/v1) to values, with the defaults and the refusals of Kubernetes.

https://kubernetes.io/docs/concepts/workloads/controllers/job/ and .../cron-jobs/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gonogo.errors import GrammarError
from gonogo.manifests.findings import Severity
from gonogo.manifests.fit import FIELD_VALUE, NAME_INVALID
from gonogo.manifests.objects import Object
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.schedule import Schedule
from gonogo.manifests.shape import Fields
from gonogo.manifests.store import Stores
from gonogo.manifests.topology import CronJob, Job
from gonogo.manifests.workload import PlacedWorkload, templated

__all__ = ["RULES", "PlacedCronJob", "PlacedJob", "cron_job", "job"]

SCHEDULE_INVALID: Final = Rule("schedule-invalid", Severity.ERROR, "a CronJob's schedule or time zone cannot be read")
RULES: Final = (SCHEDULE_INVALID,)

_LONGEST_CRON_NAME: Final = 52  # Kubernetes adds 11 characters for each Job, and a Job's name has at most 63
_LONGEST_JOB_NAME: Final = 63
_BACKOFF_LIMIT: Final = 6
_KEPT: Final = {"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}


@dataclass(frozen=True, slots=True)
class PlacedJob:
    """A Job with its Pod template as checks need it."""

    job: Job
    pods: PlacedWorkload


@dataclass(frozen=True, slots=True)
class PlacedCronJob:
    """A CronJob with its Pod template as checks need it."""

    cron_job: CronJob
    pods: PlacedWorkload


def job(entry: Object, stores: Stores) -> PlacedJob:
    """Return the Job that ``entry`` declares."""
    _short(entry, _LONGEST_JOB_NAME)
    return _job(entry, entry.fields.get("spec", {}), entry.place / "spec", stores)


def cron_job(entry: Object, stores: Stores) -> PlacedCronJob:
    """Return the CronJob that ``entry`` declares."""
    _short(entry, _LONGEST_CRON_NAME)
    spec, place = entry.fields.get("spec", {}), entry.place / "spec"
    made = _job(entry, spec.get("jobTemplate", {}).get("spec", {}), place / "jobTemplate" / "spec", stores)
    text, zone = spec.get("schedule", ""), spec.get("timeZone", "")
    for field, schedule in (("schedule", (text, "")), ("timeZone", ("* * * * *", zone))):
        try:
            Schedule(*schedule)
        except GrammarError as error:
            if spec.get(field):
                (place / field).report(SCHEDULE_INVALID, f"{error.what}: Kubernetes refuses the object", error.mend)
    deadline = spec.get("startingDeadlineSeconds")
    read = CronJob(
        job=made.job,
        schedule=text,
        time_zone=zone or "UTC",
        concurrency=spec.get("concurrencyPolicy", "Allow"),
        starting_deadline_s=None if deadline is None else float(deadline),
        successful_limit=spec.get("successfulJobsHistoryLimit", _KEPT["successfulJobsHistoryLimit"]),
        failed_limit=spec.get("failedJobsHistoryLimit", _KEPT["failedJobsHistoryLimit"]),
        suspended=spec.get("suspend", False),
    )
    return PlacedCronJob(read, made.pods)


def _job(entry: Object, spec: Fields, place: Place, stores: Stores) -> PlacedJob:
    template = spec.get("template", {})
    indexed = spec.get("completionMode", "NonIndexed") == "Indexed"
    _refused(spec, place, indexed=indexed)
    parallelism = spec.get("parallelism", 1)
    # Without both it is one Pod; with parallelism alone the Pods share a queue, and one success is enough.
    completions = spec.get("completions", None if "parallelism" in spec and not indexed else 1)
    deadline, ttl = spec.get("activeDeadlineSeconds"), spec.get("ttlSecondsAfterFinished")
    pods = templated(entry, template, place / "template", stores, kind="Job", replicas=parallelism)
    read = Job(
        template=pods,
        completions=completions,
        indexed=indexed,
        backoff_limit=spec.get("backoffLimit", _BACKOFF_LIMIT),
        active_deadline_s=None if deadline is None else float(deadline),
        ttl_s=None if ttl is None else float(ttl),
        suspended=spec.get("suspend", False),
        kind="CronJob" if entry.kind == "CronJob" else "Job",
    )
    where = place / "template" / "spec"
    return PlacedJob(read, PlacedWorkload(pods, entry.place, where, template.get("spec", {})))


def _refused(spec: Fields, place: Place, *, indexed: bool) -> None:
    """Report what Kubernetes refuses although each field by itself is allowed."""
    policy = spec.get("template", {}).get("spec", {}).get("restartPolicy", "Always")
    where = place / "template" / "spec" / "restartPolicy"
    if policy == "Always":
        where.report(FIELD_VALUE, "a Job's Pods cannot have Always: Kubernetes refuses it", "write Never, or OnFailure")
    elif spec.get("podFailurePolicy") and policy != "Never":
        where.report(
            FIELD_VALUE, f"a Job with podFailurePolicy cannot have {policy}: Kubernetes refuses it", "write Never"
        )
    if indexed and "completions" not in spec:
        (place / "completionMode").report(
            FIELD_VALUE, "an Indexed Job without completions: Kubernetes refuses it", "say how many: completions: 4"
        )
    for field in () if indexed else ("backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"):
        if spec.get(field) is not None:
            (place / field).report(
                FIELD_VALUE, "the Job has no indexes: Kubernetes refuses it", "write completionMode: Indexed"
            )
    if spec.get("selector") and not spec.get("manualSelector"):
        (place / "selector").report(
            FIELD_VALUE, "the selector is Kubernetes' own to make: it refuses the object", "remove the selector"
        )


def _short(entry: Object, longest: int) -> None:
    if len(entry.name) > longest:
        (entry.place / "metadata" / "name").report(
            NAME_INVALID,
            f"{entry.name!r} is longer than {longest} characters: Kubernetes refuses the object",
            "rename it",
        )

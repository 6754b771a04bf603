"""The fields of Job and CronJob (batch/v1).

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ and .../cron-job-v1/
"""

from __future__ import annotations

from typing import Final

from gonogo.manifests import notes
from gonogo.manifests.names import dns_subdomain
from gonogo.manifests.schema import SELECTOR, TEMPLATE, object_of, template_of
from gonogo.manifests.shape import Anything, Field, Flag, Number, Struct, Text, harmless, need, noted, read

__all__ = ["CRON_JOB", "JOB", "JOB_SPEC"]

_MOST_INDEXES: Final = 100_000

JOB_SPEC: Final = Struct(
    {
        "template": need(TEMPLATE),
        "completions": read(Number()),
        "parallelism": read(Number(high=_MOST_INDEXES)),
        "completionMode": read(Text(choices=("NonIndexed", "Indexed"))),
        "backoffLimit": read(Number()),
        "activeDeadlineSeconds": read(Number(1)),
        "ttlSecondsAfterFinished": read(Number()),
        "suspend": read(Flag()),
        "selector": read(SELECTOR),
        "manualSelector": read(Flag()),
        "podFailurePolicy": Field(Anything(), note=notes.POD_FAILURES),
        "managedBy": Field(Text(), note=notes.OTHER_CONTROLLER),
        **noted(notes.INDEX_LIMITS, "backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"),
        "scheduling": Field(Anything(), note=notes.PLACEMENT),
        **harmless("podReplacementPolicy"),
    }
)
JOB: Final = object_of(dns_subdomain, spec=need(JOB_SPEC), status=read(Anything()))
CRON_JOB: Final = object_of(
    dns_subdomain,
    status=read(Anything()),
    spec=need(
        Struct(
            {
                "schedule": need(Text()),
                "timeZone": read(Text()),
                "concurrencyPolicy": read(Text(choices=("Allow", "Forbid", "Replace"))),
                "startingDeadlineSeconds": read(Number()),
                "successfulJobsHistoryLimit": read(Number()),
                "failedJobsHistoryLimit": read(Number()),
                "suspend": read(Flag()),
                "jobTemplate": need(template_of(JOB_SPEC)),
            }
        )
    ),
)

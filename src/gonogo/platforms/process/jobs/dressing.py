"""What a Pod of a Job is told beyond its template: the run's name, its completion index, the caller's variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gonogo.manifests.topology import EnvVar, Workload

__all__ = ["dressed"]

_INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
_INDEX_MARK = "batch.kubernetes.io/job-completion-index"
_NAME_MARKS = ("batch.kubernetes.io/job-name", "job-name")


def dressed(template: Workload, run: str, index: int | None, env: Mapping[str, str]) -> Workload:
    """Return ``template`` under the name of a run, with what Kubernetes and the caller add to it.

    Args:
        template: of the Job.
        run: name of the run, without its namespace.
        index: the completion index, told as Kubernetes tells it: variable, label and annotation.
        env: variables for all its containers, over those of the manifest.
    """
    own = dict(env) if index is None else {_INDEX_VARIABLE: str(index), **env}
    added = tuple(EnvVar(name, value) for name, value in own.items())
    marks = {} if index is None else {_INDEX_MARK: str(index)}
    return replace(
        template,
        name=run,
        labels={**template.labels, **dict.fromkeys(_NAME_MARKS, run), **marks},
        annotations={**template.annotations, **marks},
        containers=tuple(
            replace(each, env=(*(one for one in each.env if one.name not in own), *added))
            for each in template.containers
        ),
    )

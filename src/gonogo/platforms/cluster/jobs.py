"""Jobs in the cluster: started as objects of batch/v1, read as the Job controller tells of them.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from gonogo.errors import EnvironmentFault, UsageError
from gonogo.manifests.topology import Job
from gonogo.platforms.cluster.api import Api, Json, Refused
from gonogo.platforms.cluster.logbook import Logbook
from gonogo.platforms.cluster.pods import PodView, read_pod, seconds
from gonogo.platforms.interface import JobPod, JobRun, TakenName

__all__ = ["DECLARED_BY", "JobBook", "started"]

DECLARED_BY: Final = "gonogo.dev/job"
_INDEX: Final = "batch.kubernetes.io/job-completion-index"
_SIGNALS: Final = 128
_CONFLICT: Final = 409


@dataclass(slots=True)
class _Run:
    """A Job of the cluster, and its Pods by uid in the order of their starts.

    ``gone_at`` is when it was first listed no more, in seconds since 1970; None while it is.
    """

    space: str
    declared: str
    name: str
    job: str
    created: str
    body: Json
    pods: dict[str, tuple[PodView, JobPod]] = field(default_factory=dict)
    gone_at: float | None = None

    @property
    def waits(self) -> bool:
        """Whether it is suspended and has never run: nothing was started."""
        return bool(self.body["spec"].get("suspend")) and not self.pods and not _ended(self.body)


class JobBook:
    """Every Job that was ever seen in a stack's namespaces; one that Kubernetes forgets stays in it.

    Args:
        api: where to start and end Jobs.
        spaces: declared namespace to the one in the cluster.
        logbook: copies the Pods' output.
    """

    def __init__(self, api: Api, spaces: Mapping[str, str], logbook: Logbook) -> None:
        self._api = api
        self._declared = {space: name for name, space in spaces.items()}
        self._logbook = logbook
        self._runs: dict[str, _Run] = {}
        self._reasons: dict[str, str] = {}

    def update(self, space: str, jobs: Iterable[Json], pods: Iterable[Json]) -> None:
        """Take in what the API server lists in one namespace."""
        declared = self._declared[space]
        listed = set()
        for body in jobs:
            metadata = body["metadata"]
            name = f"{declared}/{metadata['name']}"
            run = self._runs.get(name)
            if run is None:
                created = metadata.get("creationTimestamp", "")
                run = _Run(space, declared, metadata["name"], _declared_by(metadata, declared), created, body)
                self._runs[name] = run
            run.body = body
            listed.add(name)
        present = set()
        for body in sorted(pods, key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["name"])):
            view = read_pod(body)
            present.add(view.uid)
            run = self._runs.get(f"{declared}/{view.owner[1]}")
            if view.owner[0] == "Job" and run is not None:
                self._take(run, view, body)
        for run in self._runs.values():
            if run.space == space:
                _miss(run, present)
                if f"{declared}/{run.name}" not in listed and run.gone_at is None:
                    run.gone_at = datetime.now(UTC).timestamp()

    def runs(self) -> tuple[JobRun, ...]:
        """Every Job so far, in the order of their starts; one that is suspended has not started."""
        started = [run for run in self._runs.values() if not run.waits]
        ordered = sorted(started, key=lambda run: (run.created, run.name))
        return tuple(self._read(run) for run in ordered)

    def pod(self, name: str) -> PodView | None:
        """Return the Pod called ``namespace/run/ordinal``."""
        known = {pod.name: view for run in self._runs.values() for view, pod in run.pods.values()}
        return known.get(name)

    def copy_logs(self) -> None:
        """Copy what Pods that still run have written."""
        for run in tuple(self._runs.values()):
            for view, pod in tuple(run.pods.values()):
                if pod.phase == "running":
                    self._logbook.copy(pod.name, view)

    def end(self, name: str, reason: str) -> None:
        """Begin to end the Job ``namespace/name``.

        Raises:
            UsageError: there is no such Job.
        """
        run = self._runs.get(name)
        if run is None:
            raise UsageError(f"no Job is called {name!r}", mend=f"there are: {', '.join(self._runs) or 'none'}")
        self._reasons[name] = reason
        # The controller ends the Pods of a Job that is past its deadline with their grace time.
        path = f"/apis/batch/v1/namespaces/{run.space}/jobs/{run.name}"
        self._api.merge(path, {"spec": {"activeDeadlineSeconds": 1}})

    def _take(self, run: _Run, view: PodView, body: Json) -> None:
        known = run.pods.get(view.uid)
        ordinal = list(run.pods).index(view.uid) if known else len(run.pods)
        name = f"{run.declared}/{run.name}/{ordinal}"
        pod = _job_pod(name, view, body, self._logbook)
        if pod.phase != "running" and (known is None or known[1].phase == "running"):
            self._logbook.copy(name, view)
        run.pods[view.uid] = (view, pod)

    def _read(self, run: _Run) -> JobRun:
        status, conditions = run.body.get("status") or {}, _ended(run.body)
        phase: Literal["running", "complete", "failed"] = "running"
        reason, ended, gone_at = "", "", None
        if "Complete" in conditions:
            phase, reason = "complete", "Complete"
            ended = status.get("completionTime") or conditions["Complete"].get("lastTransitionTime", "")
        elif "Failed" in conditions:
            name = f"{run.declared}/{run.name}"
            phase, reason = "failed", self._reasons.get(name) or conditions["Failed"].get("reason", "Failed")
            ended = conditions["Failed"].get("lastTransitionTime", "")
        elif run.gone_at is not None:
            phase, gone_at = "failed", run.gone_at
            reason = "replaced by the next run" if self._has_successor(run) else "deleted before its end was seen"
        return JobRun(
            name=f"{run.declared}/{run.name}",
            job=run.job,
            phase=phase,
            reason=reason,
            started_at=seconds(status.get("startTime") or run.created),
            ended_at=seconds(ended) if ended else gone_at,
            pods=tuple(pod for _, pod in run.pods.values()),
        )

    def _has_successor(self, run: _Run) -> bool:
        """Whether its CronJob has started another one since: under Replace the controller deletes the one before."""
        # In the order in which they were first seen: the API's times are whole seconds.
        seen = list(self._runs)
        later = seen[seen.index(f"{run.declared}/{run.name}") + 1 :]
        return run.job.startswith("CronJob ") and any(self._runs[name].job == run.job for name in later)


def started(api: Api, body: Json, job: Job, run: str, env: Mapping[str, str]) -> None:
    """Create a Job called ``run`` in the cluster.

    Args:
        api: where.
        body: the Job, or the CronJob that makes it, as it is applied.
        job: what it is.
        run: its name.
        env: variables for all its containers, over those of the manifest.

    Raises:
        TakenName: it is taken, be it by a Job that is suspended.
        EnvironmentFault: the API server refuses it.
    """
    space = body["metadata"]["namespace"]
    source = body["spec"]["jobTemplate"] if body["kind"] == "CronJob" else body
    spec = {key: value for key, value in source["spec"].items() if key not in ("selector", "suspend", "manualSelector")}
    spec["template"] = _with_env(spec["template"], env)
    metadata = {"name": run, "namespace": space, "annotations": {DECLARED_BY: str(job)}}
    made = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}
    try:
        api.create(f"/apis/batch/v1/namespaces/{space}/jobs", made)
    except Refused as refusal:
        if refusal.status == _CONFLICT:
            raise TakenName(
                f"a Job is called {run!r} already", where=str(job), mend="give it another name"
            ) from refusal
        raise EnvironmentFault(f"the Job is refused: {refusal.what}", where=str(job), mend=refusal.mend) from refusal


def _with_env(template: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    spec = dict(template["spec"])
    for group in ("initContainers", "containers"):
        if spec.get(group):
            spec[group] = [
                {
                    **container,
                    "env": [
                        *(each for each in container.get("env") or () if each["name"] not in env),
                        *({"name": name, "value": value} for name, value in env.items()),
                    ],
                }
                for container in spec[group]
            ]
    return {**template, "spec": spec}


def _ended(body: Json) -> Mapping[str, Mapping[str, Any]]:
    """The conditions of a Job that hold, by type: ``Complete`` or ``Failed`` once it has ended."""
    conditions = (body.get("status") or {}).get("conditions") or ()
    held = {each["type"]: each for each in conditions if each.get("status") == "True"}
    return {kind: each for kind, each in held.items() if kind in ("Complete", "Failed")}


def _declared_by(metadata: Mapping[str, Any], declared: str) -> str:
    if marked := (metadata.get("annotations") or {}).get(DECLARED_BY):
        return str(marked)
    for reference in metadata.get("ownerReferences") or ():
        if reference.get("kind") == "CronJob":
            return f"CronJob {declared}/{reference['name']}"
    return f"Job {declared}/{metadata['name']}"


def _job_pod(name: str, view: PodView, body: Json, logbook: Logbook) -> JobPod:
    metadata, status = body["metadata"], body.get("status") or {}
    ends = [
        each["state"]["terminated"]
        for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
        if "terminated" in (each.get("state") or {})
    ]
    phases: Mapping[str, Literal["running", "succeeded", "failed"]] = {"Succeeded": "succeeded", "Failed": "failed"}
    phase = phases.get(view.phase, "running")
    bad = next((end for end in ends if end.get("exitCode")), None)
    code = int(bad["exitCode"]) if bad else 0
    told = next((each.ended for each in view.containers if each.ended and not each.ended.endswith("status 0")), "")
    index = (metadata.get("annotations") or {}).get(_INDEX)
    finished = [seconds(end["finishedAt"]) for end in ends if end.get("finishedAt")]
    over = phase != "running"
    return JobPod(
        name=name,
        index=int(index) if index is not None else None,
        phase=phase,
        exit_status=None if not over or code > _SIGNALS else code,
        how=(f"ended {told}" if told else view.why or "ended with exit status 0") if over else "runs",
        restarts=view.restarts,
        started_at=seconds(status.get("startTime") or metadata["creationTimestamp"]),
        ended_at=max(finished, default=seconds(metadata["creationTimestamp"])) if over else None,
        log=logbook.file(name),
    )


def _miss(run: _Run, present: set[str]) -> None:
    """Say of Pods that are listed no more, and had not ended, that they were taken away."""
    for uid, (view, pod) in run.pods.items():
        if uid not in present and pod.phase == "running":
            now = datetime.now(UTC).timestamp()
            gone = replace(pod, phase="failed", exit_status=None, how="was taken away", ended_at=now)
            run.pods[uid] = (view, gone)

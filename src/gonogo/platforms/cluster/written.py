"""Kubernetes objects for a topology that no Kubernetes manifest declares: a compose file, or one made in Python. Pure.

Field names: https://kubernetes.io/docs/reference/kubernetes-api/. Values are those of the topology; where Kubernetes
takes only whole seconds they are rounded up.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping
from typing import Any

from gonogo.manifests.topology import (
    ConfigMapVolume,
    Container,
    CronJob,
    EnvVar,
    Exec,
    HttpGet,
    Job,
    Mount,
    Probe,
    Resources,
    Service,
    Topology,
    Volume,
    Workload,
)

__all__ = ["objects"]

_Body = dict[str, Any]


def objects(topology: Topology) -> tuple[_Body, ...]:
    """Return the objects of the workloads and Services of ``topology``."""
    written = [each for workload in topology.workloads for each in _workload(workload)]
    written += [_job(job) for job in topology.jobs]
    written += [_cron_job(each) for each in topology.cron_jobs]
    return (*written, *(_service(service) for service in topology.services))


def _workload(workload: Workload) -> Iterator[_Body]:
    for volume in workload.volumes:
        if isinstance(volume, ConfigMapVolume):
            yield _store(workload, volume)
    spec, metadata = _pod_spec(workload), _marks(workload)
    place = {"name": workload.name, "namespace": workload.namespace}
    if workload.kind == "Pod":
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": {**place, **metadata}, "spec": spec}
        return
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": place,
        "spec": {
            "replicas": workload.replicas,
            "selector": {"matchLabels": dict(workload.labels)},
            "template": {"metadata": metadata, "spec": spec},
        },
    }


def _pod_spec(workload: Workload) -> _Body:
    return {
        "containers": [_container(each) for each in workload.containers],
        "initContainers": [_container(each) for each in workload.init_containers],
        "volumes": [_volume(workload, each) for each in workload.volumes],
        "terminationGracePeriodSeconds": math.ceil(workload.grace_s),
        "restartPolicy": workload.restart_policy,
    }


def _marks(workload: Workload) -> _Body:
    return {"labels": dict(workload.labels), "annotations": dict(workload.annotations)}


def _job(job: Job) -> _Body:
    spec = {
        "parallelism": job.parallelism,
        "completions": job.completions,
        "completionMode": "Indexed" if job.indexed else "NonIndexed",
        "backoffLimit": job.backoff_limit,
        "activeDeadlineSeconds": None if job.active_deadline_s is None else math.ceil(job.active_deadline_s),
        "ttlSecondsAfterFinished": None if job.ttl_s is None else math.ceil(job.ttl_s),
        "suspend": job.suspended,
        "template": {"metadata": _marks(job.template), "spec": _pod_spec(job.template)},
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": job.name, "namespace": job.namespace},
        "spec": {name: value for name, value in spec.items() if value is not None},
    }


def _cron_job(cron_job: CronJob) -> _Body:
    deadline_s = cron_job.starting_deadline_s
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": cron_job.name, "namespace": cron_job.namespace},
        "spec": {
            "schedule": cron_job.schedule,
            "timeZone": cron_job.time_zone,
            "concurrencyPolicy": cron_job.concurrency,
            "suspend": cron_job.suspended,
            "successfulJobsHistoryLimit": cron_job.successful_limit,
            "failedJobsHistoryLimit": cron_job.failed_limit,
            **({} if deadline_s is None else {"startingDeadlineSeconds": math.ceil(deadline_s)}),
            "jobTemplate": {"spec": _job(cron_job.job)["spec"]},
        },
    }


def _container(container: Container) -> _Body:
    body: _Body = {
        "name": container.name,
        "image": container.image,
        "args": list(container.args),
        "env": [_variable(each) for each in container.env],
        "ports": [
            {
                "containerPort": port.container_port,
                "protocol": port.protocol,
                **({"name": port.name} if port.name else {}),
            }
            for port in container.ports
        ],
        "resources": _resources(container.resources),
        "volumeMounts": [_mount(each) for each in container.mounts],
    }
    if container.command is not None:
        body["command"] = list(container.command)
    if container.working_dir:
        body["workingDir"] = container.working_dir
    probes = {"readiness": container.readiness, "liveness": container.liveness, "startup": container.startup}
    return body | {f"{name}Probe": _probe(probe) for name, probe in probes.items() if probe is not None}


def _variable(variable: EnvVar) -> _Body:
    if variable.field_path is not None:
        return {"name": variable.name, "valueFrom": {"fieldRef": {"fieldPath": variable.field_path}}}
    # References were expanded when the topology was read: a dollar that is left is meant.
    return {"name": variable.name, "value": variable.value.replace("$(", "$$(")}


def _probe(probe: Probe) -> _Body:
    return {
        **_action(probe.action),
        "initialDelaySeconds": math.ceil(probe.initial_delay_s),
        "periodSeconds": max(1, math.ceil(probe.period_s)),
        "timeoutSeconds": max(1, math.ceil(probe.timeout_s)),
        "successThreshold": probe.success_threshold,
        "failureThreshold": probe.failure_threshold,
    }


def _action(action: object) -> _Body:
    match action:
        case HttpGet(path=path, port=port, scheme=scheme, headers=headers):
            named = [{"name": name, "value": value} for name, value in headers]
            return {"httpGet": {"path": path, "port": port, "scheme": scheme, "httpHeaders": named}}
        case Exec(command=command):
            return {"exec": {"command": list(command)}}
        case _:
            return {"tcpSocket": {"port": getattr(action, "port", 0)}}


def _resources(resources: Resources) -> _Body:
    def quantities(cpu: float | None, memory: int | None) -> Mapping[str, str]:
        cores = {} if cpu is None else {"cpu": f"{math.ceil(cpu * 1000)}m"}
        return cores if memory is None else {**cores, "memory": str(memory)}

    return {
        "requests": quantities(resources.cpu_request, resources.memory_request),
        "limits": quantities(resources.cpu_limit, resources.memory_limit),
    }


def _mount(mount: Mount) -> _Body:
    return {
        "name": mount.volume,
        "mountPath": mount.mount_path,
        "readOnly": mount.read_only,
        **({"subPath": mount.sub_path} if mount.sub_path else {}),
    }


def _store_name(workload: Workload, volume: ConfigMapVolume) -> str:
    return f"{workload.name}-{volume.name}"


def _volume(workload: Workload, volume: Volume) -> _Body:
    if not isinstance(volume, ConfigMapVolume):
        limit = {} if volume.size_limit is None else {"sizeLimit": str(volume.size_limit)}
        return {"name": volume.name, "emptyDir": limit}
    # Keys of a ConfigMap hold no slash: the paths stand in the items.
    items = [{"key": f"file-{number}", "path": path} for number, path in enumerate(volume.files)]
    name = _store_name(workload, volume)
    if volume.secret:
        return {"name": volume.name, "secret": {"secretName": name, "items": items}}
    return {"name": volume.name, "configMap": {"name": name, "items": items}}


def _store(workload: Workload, volume: ConfigMapVolume) -> _Body:
    encoded = {
        f"file-{number}": base64.b64encode(bytes(content)).decode()
        for number, content in enumerate(volume.files.values())
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret" if volume.secret else "ConfigMap",
        "metadata": {"name": _store_name(workload, volume), "namespace": workload.namespace},
        "data" if volume.secret else "binaryData": encoded,
    }


def _service(service: Service) -> _Body:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": service.name, "namespace": service.namespace},
        "spec": {
            "selector": dict(service.selector),
            **({"clusterIP": "None"} if service.headless else {}),
            "ports": [
                {
                    "port": port.port,
                    "targetPort": port.target_port,
                    "protocol": port.protocol,
                    **({"name": port.name} if port.name else {}),
                }
                for port in service.ports
            ],
        },
    }

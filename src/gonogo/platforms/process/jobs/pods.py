"""The Pods of Jobs, made while the stack runs: each with a name, an address, a log and volumes of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gonogo.manifests.topology import EnvVar, Job, Topology, Workload
from gonogo.platforms.process.addresses import AddressPlan, replica_name
from gonogo.platforms.process.catalogue import Catalogue
from gonogo.platforms.process.network import check_ports
from gonogo.platforms.process.plan import Place, plan_pod
from gonogo.platforms.process.spec import ReplicaSpec
from gonogo.platforms.process.volumes import write_files

__all__ = ["PodMaker", "dressed"]

_INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
_INDEX_MARK = "batch.kubernetes.io/job-completion-index"
_NAME_MARKS = ("batch.kubernetes.io/job-name", "job-name")


@dataclass(frozen=True, slots=True)
class PodMaker:
    """What Pods of Jobs need of the stack that they join."""

    topology: Topology
    addresses: AddressPlan
    catalogue: Catalogue
    place: Place

    def make(self, job: Job, run: str, ordinal: int, index: int | None, env: Mapping[str, str]) -> ReplicaSpec:
        """Return the ``ordinal``-th Pod of a run of ``job``, its folders and files written.

        Args:
            job: of the topology.
            run: name of the run, without its namespace.
            ordinal: counts the Pods of the run from 0, replacements included.
            index: the completion index, told as Kubernetes tells it: variable, label and annotation.
            env: variables for all its containers, over those of the manifest.

        Raises:
            EnvironmentFault: a port that it declares is in use.
        """
        workload = dressed(job.template, run, index, env)
        name = replica_name(workload, ordinal)
        address = self.addresses.job_address(self._number(job), ordinal)
        plan = plan_pod(
            self.topology,
            workload,
            ordinal,
            addresses=self.addresses.with_pod(name, address),
            catalogue=self.catalogue,
            place=self.place,
        )
        check_ports(plan.ports)
        write_files(plan.folders, plan.files)
        (pod,) = plan.replicas
        return pod

    def _number(self, job: Job) -> int:
        jobs = (*self.topology.jobs, *(each.job for each in self.topology.cron_jobs))
        return next(number for number, each in enumerate(jobs) if each is job)


def dressed(template: Workload, run: str, index: int | None, env: Mapping[str, str]) -> Workload:
    """Return ``template`` under the name of a run, with what Kubernetes and the caller add to it."""
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

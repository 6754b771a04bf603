"""The Pods of Jobs, made while the stack runs: each with a name, an address, a log and volumes of its own."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.manifests.topology import Job, Topology, Workload
from gonogo.platforms.process.addresses import AddressPlan, replica_name
from gonogo.platforms.process.catalogue import Catalogue
from gonogo.platforms.process.network import check_ports
from gonogo.platforms.process.plan import Place, plan_pod
from gonogo.platforms.process.spec import ReplicaSpec
from gonogo.platforms.process.volumes import write_files

__all__ = ["PodMaker"]


@dataclass(frozen=True, slots=True)
class PodMaker:
    """What Pods of Jobs need of the stack that they join."""

    topology: Topology
    addresses: AddressPlan
    catalogue: Catalogue
    place: Place

    def make(self, job: Job, workload: Workload, ordinal: int) -> ReplicaSpec:
        """Return a Pod of ``job``, its folders and files written; see :class:`.keeper.Maker`.

        Raises:
            EnvironmentFault: a port that it declares is in use.
        """
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

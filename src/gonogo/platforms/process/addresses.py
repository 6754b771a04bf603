"""Which loopback address every Service and every replica gets.

A session owns one block ``127.B.0.0/16``. Inside it ``127.B.0.n`` is the n-th Service and ``127.B.w.r`` the r-th
replica of the w-th workload, in the order of the manifests, so that an address in a log can be read. Jobs and CronJobs
count on after the workloads; their Pods take the last octets in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gonogo.errors import EnvironmentFault
from gonogo.manifests.topology import Service, Topology, Workload

__all__ = ["BLOCKS", "AddressPlan", "PortNeed", "plan_addresses", "replica_name"]

BLOCKS = range(2, 255)
"""Second octets that sessions take. 127.0 and 127.1 stay out: machines have names and resolvers of their own there."""

_MOST = 254


@dataclass(frozen=True, slots=True)
class PortNeed:
    """A TCP port that something in the stack is about to listen on; ``who`` names it for people."""

    who: str
    address: str
    port: int


def replica_name(workload: Workload, ordinal: int) -> str:
    """Return ``namespace/workload/ordinal``."""
    return f"{workload.namespace}/{workload.name}/{ordinal}"


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """Addresses of one session.

    Attributes:
        services: address by (namespace, name).
        replicas: address by ``namespace/workload/ordinal``.
        workloads: how many third octets they take.
    """

    block: int
    services: Mapping[tuple[str, str], str]
    replicas: Mapping[str, str]
    workloads: int = 0

    def service(self, service: Service) -> str:
        """Return the address of ``service``."""
        return self.services[service.namespace, service.name]

    def job_address(self, job: int, pod: int) -> str:
        """Return the address of the ``pod``-th Pod of the ``job``-th Job or CronJob, both counted from 0."""
        return f"127.{self.block}.{self.workloads + job + 1}.{pod % _MOST + 1}"

    def with_pod(self, name: str, address: str) -> AddressPlan:
        """Return the plan with one more Pod."""
        return replace(self, replicas={**self.replicas, name: address})


def plan_addresses(topology: Topology, block: int) -> AddressPlan:
    """Return an address for every Service and replica of ``topology`` inside ``127.<block>.0.0/16``.

    Raises:
        EnvironmentFault: more Services, workloads, or replicas of one workload, than addresses (254 each).
    """
    for what, count in (
        ("Services", len(topology.services)),
        ("workloads and Jobs", len(topology.workloads) + len(topology.jobs) + len(topology.cron_jobs)),
        *((f"replicas of {workload}", topology.most_replicas(workload)) for workload in topology.workloads),
    ):
        if count > _MOST:
            raise EnvironmentFault(f"{count} {what}", mend=f"the process platform has addresses for {_MOST}")
    return AddressPlan(
        block=block,
        workloads=len(topology.workloads),
        services={
            (service.namespace, service.name): f"127.{block}.0.{number}"
            for number, service in enumerate(topology.services, start=1)
        },
        replicas={
            replica_name(workload, ordinal): f"127.{block}.{number}.{ordinal + 1}"
            for number, workload in enumerate(topology.workloads, start=1)
            for ordinal in range(topology.most_replicas(workload))
        },
    )

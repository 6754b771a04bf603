"""The Pods of Jobs in Docker, made while the stack runs."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.manifests.topology import Job, Workload
from gonogo.platforms.docker.daemon import connect
from gonogo.platforms.docker.mounts import plan_files
from gonogo.platforms.docker.place import Place
from gonogo.platforms.docker.plan import plan_pod, plan_replica
from gonogo.platforms.docker.pods import make_pods
from gonogo.platforms.process.spec import ReplicaSpec
from gonogo.platforms.process.volumes import write_files

__all__ = ["DockerPodMaker"]


@dataclass(frozen=True, slots=True)
class DockerPodMaker:
    """What Pods of Jobs need of the stack that they join.

    Attributes:
        network: of the stack.
        place: where it was put.
    """

    network: str
    place: Place

    def make(self, job: Job, workload: Workload, ordinal: int) -> ReplicaSpec:
        """Return a Pod of ``job``, its network and volumes made.

        Raises:
            EnvironmentFault: Docker has no room or no answer.
        """
        del job
        plan = plan_pod(workload, ordinal)
        client = connect()
        try:
            sandbox = make_pods(client, (plan,), self.network, self.place.labels)[plan.name]
        finally:
            client.close()
        write_files((), plan_files(workload, self.place))
        return plan_replica(workload, ordinal, sandbox, self.place)

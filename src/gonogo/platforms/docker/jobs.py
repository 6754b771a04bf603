"""The Pods of Jobs in Docker, made while the stack runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gonogo.manifests.topology import Job
from gonogo.platforms.docker.daemon import connect
from gonogo.platforms.docker.mounts import plan_files
from gonogo.platforms.docker.place import Place
from gonogo.platforms.docker.plan import plan_pod, plan_replica
from gonogo.platforms.docker.pods import make_pods
from gonogo.platforms.process.jobs.pods import dressed
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

    def make(self, job: Job, run: str, ordinal: int, index: int | None, env: Mapping[str, str]) -> ReplicaSpec:
        """Return the ``ordinal``-th Pod of a run of ``job``, its network and volumes made.

        Args:
            job: of the topology.
            run: name of the run, without its namespace.
            ordinal: counts the Pods of the run from 0, replacements included.
            index: the completion index, told as Kubernetes tells it: variable, label and annotation.
            env: variables for all its containers, over those of the manifest.

        Raises:
            EnvironmentFault: Docker has no room or no answer.
        """
        workload = dressed(job.template, run, index, env)
        plan = plan_pod(workload, ordinal)
        client = connect()
        try:
            sandbox = make_pods(client, (plan,), self.network, self.place.labels)[plan.name]
        finally:
            client.close()
        write_files((), plan_files(workload, self.place))
        return plan_replica(workload, ordinal, sandbox, self.place)

"""Starting a topology in kind: a cluster that is there, the stack's images on it, and the cluster platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gonogo.manifests.topology import Topology
from gonogo.platforms.cluster import ClusterPlatform
from gonogo.platforms.cluster.stack import ClusterStack
from gonogo.platforms.kind.command import Kind, Run, Said, run

__all__ = ["KindPlatform"]


@dataclass(frozen=True, slots=True)
class KindPlatform:
    """Runs topologies in a kind cluster on this machine.

    Attributes:
        cluster: its name; it is made when it is not there, and stays for the next session.
        stop_timeout_s: the longest time between SIGTERM and SIGKILL at the stop; None: what the manifests say.
        generator_image: of the load generator's Pods; empty: load is sent from this machine.
        run: runs a command.
    """

    cluster: str = "gonogo"
    stop_timeout_s: float | None = None
    generator_image: str = ""
    run: Run = field(default=run, repr=False)
    name: str = "kind"

    def health(self) -> str:
        """Return a line about kind.

        Raises:
            AbsentPlatform: there is no kind.
            EnvironmentFault: it fails.
        """
        return f"ready, {Kind(self.cluster, self.run).version()}"

    def start(self, topology: Topology, *, workdir: Path, ready_timeout_s: float) -> ClusterStack:
        """Start everything in ``topology`` and return when every replica is ready.

        Images that the local Docker daemon has are loaded; others are left to the nodes to pull.

        Raises:
            AbsentPlatform: there is no kind.
            EnvironmentFault: kind fails, or the cluster does not do its part.
            StackError: a service did not get ready.
        """
        kind = Kind(self.cluster, self.run)
        created = kind.ensure()
        kind.load(self._here(topology))
        platform = ClusterPlatform(
            allow_contexts=[kind.context],
            context=kind.context,
            stop_timeout_s=self.stop_timeout_s,
            generator_image=self.generator_image,
        )
        stack = platform.start(topology, workdir=workdir, ready_timeout_s=ready_timeout_s)
        made = "was created and stays" if created else "was there already"
        stack.add_notes(f"the kind cluster {self.cluster!r} {made}: kind delete cluster --name {self.cluster}")
        return stack

    def _here(self, topology: Topology) -> list[str]:
        """The stack's images that the local Docker daemon has."""
        wanted = {
            container.image
            for workload in topology.workloads
            for container in (*workload.init_containers, *workload.containers)
        } | ({self.generator_image} if self.generator_image else set())
        return [image for image in sorted(wanted) if self._has(image)]

    def _has(self, image: str) -> bool:
        said: Said = self.run(("docker", "image", "inspect", "--format", "{{.Id}}", image), 30.0)
        return said.status == 0

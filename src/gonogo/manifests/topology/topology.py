"""Everything that a set of manifests says shall run."""

from __future__ import annotations

from dataclasses import dataclass, field

from gonogo.errors import UsageError
from gonogo.manifests.document import Document
from gonogo.manifests.topology.autoscaler import Autoscaler
from gonogo.manifests.topology.generator import Generator
from gonogo.manifests.topology.job import CronJob, Job
from gonogo.manifests.topology.service import Service
from gonogo.manifests.topology.workload import Workload

__all__ = ["Topology"]


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything that a set of manifests says shall run.

    Attributes:
        namespaces: those that are declared and those that are used, sorted.
        documents: the manifests' objects as they were written, for platforms that apply them; empty where it was made
            otherwise.
    """

    workloads: tuple[Workload, ...] = ()
    services: tuple[Service, ...] = ()
    generators: tuple[Generator, ...] = ()
    namespaces: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    cron_jobs: tuple[CronJob, ...] = ()
    documents: tuple[Document, ...] = field(default=(), repr=False, compare=False)
    autoscalers: tuple[Autoscaler, ...] = ()

    def service(self, name: str) -> Service:
        """Return the Service called ``name`` or ``namespace/name``.

        Raises:
            UsageError: no Service, or several in different namespaces, have that name.
        """
        namespace, _, short = name.rpartition("/")
        found = [svc for svc in self.services if svc.name == short and namespace in ("", svc.namespace)]
        if len(found) == 1:
            return found[0]
        known = ", ".join(f"{svc.namespace}/{svc.name}" for svc in self.services) or "none"
        if found:
            raise UsageError(f"{len(found)} Services are called {short!r}", mend=f"name one of them in full: {known}")
        raise UsageError(f"no Service is called {name!r}", mend=f"the manifests declare: {known}")

    def most_replicas(self, workload: Workload) -> int:
        """Return how many replicas ``workload`` may have at once: its own, or what an autoscaler allows if more."""
        allowed = [
            each.most
            for each in self.autoscalers
            if (each.namespace, each.workload) == (workload.namespace, workload.name)
        ]
        return max(workload.replicas, *allowed, 0)

    def behind(self, service: Service) -> tuple[Workload, ...]:
        """Return the workloads whose Pods stand behind ``service``."""
        return tuple(workload for workload in self.workloads if service.selects(workload))

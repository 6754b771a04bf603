"""Documents to topology: what the manifests say shall run, and everything that is wrong with how they say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gonogo.errors import ManifestError
from gonogo.manifests.autoscaler import autoscaler
from gonogo.manifests.document import Document
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.job import PlacedCronJob, PlacedJob, cron_job, job
from gonogo.manifests.objects import Object, objects
from gonogo.manifests.service import PlacedService, service
from gonogo.manifests.store import stores
from gonogo.manifests.topology import Autoscaler, Generator, Topology
from gonogo.manifests.workload import PlacedWorkload, generator, is_generator, workload

__all__ = ["Assembly", "Reading", "assemble", "topology"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and every finding about it. With errors among them the topology is not what was meant."""

    topology: Topology
    findings: tuple[Finding, ...] = ()

    def require(self) -> Topology:
        """Return the topology.

        Raises:
            ManifestError: there are findings that are errors; lists them, one a line.
        """
        errors = [finding for finding in self.findings if finding.severity is Severity.ERROR]
        if len(errors) == 1:
            [error] = errors
            what = f"[{error.rule}] {error.object} {error.field}: {error.consequence}"
            raise ManifestError(what, where=str(error.source), mend=error.mend)
        if errors:
            listed = "\n".join(f"  {error}" for error in errors)
            raise ManifestError(f"the manifests have {len(errors)} errors:\n{listed}")
        return self.topology


@dataclass(frozen=True, slots=True)
class Assembly:
    """The parts of a topology, each with its place in the manifests, for checks that look at several of them.

    Attributes:
        documents: everything that was given, read or not.
        objects: those of them that were read.
    """

    documents: tuple[Document, ...] = ()
    objects: tuple[Object, ...] = field(default=(), repr=False)
    workloads: tuple[PlacedWorkload, ...] = ()
    services: tuple[PlacedService, ...] = ()
    generators: tuple[Generator, ...] = ()
    findings: tuple[Finding, ...] = ()
    jobs: tuple[PlacedJob, ...] = ()
    cron_jobs: tuple[PlacedCronJob, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()

    @property
    def pods(self) -> tuple[PlacedWorkload, ...]:
        """Everything that has a Pod template: workloads, Jobs and CronJobs."""
        return (*self.workloads, *(entry.pods for entry in self.jobs), *(entry.pods for entry in self.cron_jobs))

    @property
    def topology(self) -> Topology:
        """The topology of these parts."""
        return Topology(
            workloads=tuple(entry.workload for entry in self.workloads),
            services=tuple(entry.service for entry in self.services),
            generators=self.generators,
            namespaces=tuple(sorted({entry.namespace or entry.name for entry in self.objects} - {""})),
            jobs=tuple(entry.job for entry in self.jobs),
            cron_jobs=tuple(entry.cron_job for entry in self.cron_jobs),
            documents=self.documents,
            autoscalers=self.autoscalers,
        )

    def behind(self, entry: PlacedService) -> tuple[PlacedWorkload, ...]:
        """Return the workloads whose Pods stand behind a Service."""
        return tuple(other for other in self.workloads if entry.service.selects(other.workload))


def topology(documents: Sequence[Document]) -> Reading:
    """Return the topology that ``documents`` declare, with the findings about reading them."""
    assembly = assemble(documents)
    return Reading(assembly.topology, assembly.findings)


def assemble(documents: Sequence[Document]) -> Assembly:
    """Return the parts that ``documents`` declare, with the findings about reading them in order of file and line."""
    findings: list[Finding] = []
    read = objects(documents, findings)
    known = stores(read)
    workloads: list[PlacedWorkload] = []
    generators: list[Generator] = []
    for entry in read:
        if entry.kind not in ("Deployment", "Pod"):
            continue
        if is_generator(entry):
            generators.append(generator(entry, known))
        else:
            workloads.append(workload(entry, known))
    services = tuple(service(entry) for entry in read if entry.kind == "Service")
    jobs = tuple(job(entry, known) for entry in read if entry.kind == "Job")
    scaling = [autoscaler(entry, workloads) for entry in read if entry.kind == "HorizontalPodAutoscaler"]
    cron_jobs = tuple(cron_job(entry, known) for entry in read if entry.kind == "CronJob")
    return Assembly(
        documents=tuple(documents),
        objects=read,
        workloads=tuple(workloads),
        services=services,
        generators=tuple(generators),
        findings=ordered(findings),
        jobs=jobs,
        cron_jobs=cron_jobs,
        autoscalers=tuple(entry for entry in scaling if entry is not None),
    )


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return ``findings`` in order of file, line and field, each once."""
    keyed = {(f.source.file, f.source.line, f.field, f.rule, f.object, f.consequence): f for f in findings}
    return tuple(keyed[key] for key in sorted(keyed))

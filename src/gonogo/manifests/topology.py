"""The typed reading of a set of manifests: what shall run, with references resolved and units parsed.

A topology is a value. Nothing in it names a process, a container or an address of this machine: platforms decide
that. Field names follow the Kubernetes API (core/v1, apps/v1) in snake case; times are seconds, memory is bytes,
CPU is cores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gonogo.errors import UsageError
from gonogo.manifests.document import Document
from gonogo.manifests.findings import Source
from gonogo.manifests.secret import SecretBytes, SecretText

__all__ = [
    "Autoscaler",
    "ConfigMapVolume",
    "Container",
    "CronJob",
    "EmptyDirVolume",
    "EnvVar",
    "Exec",
    "Generator",
    "HttpGet",
    "Job",
    "Mount",
    "Port",
    "Probe",
    "Resources",
    "Scaling",
    "ScalingPolicy",
    "Service",
    "ServicePort",
    "TcpSocket",
    "Topology",
    "Volume",
    "Workload",
]


@dataclass(frozen=True, slots=True)
class EnvVar:
    """One environment variable of a container, ConfigMap and Secret references resolved, ``$(NAME)`` expanded.

    Attributes:
        value: the text; empty when ``field_path`` is set.
        secret: the value came from a Secret and never reaches a log or a report; its repr is stars.
        field_path: a downward-API path that only the platform can fill in, such as ``status.podIP``.
    """

    name: str
    value: str = ""
    secret: bool = False
    field_path: str | None = None

    def __post_init__(self) -> None:
        if self.secret:
            object.__setattr__(self, "value", SecretText(self.value))


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a container listens on."""

    container_port: int
    name: str = ""
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Resources:
    """Requests and limits of a container: cores and bytes, None where the manifest is silent."""

    cpu_request: float | None = None
    cpu_limit: float | None = None
    memory_request: int | None = None
    memory_limit: int | None = None


@dataclass(frozen=True, slots=True)
class HttpGet:
    """Healthy when a GET answers 200 to 399. ``port`` is a number or the name of a container port."""

    path: str
    port: int | str
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TcpSocket:
    """Healthy when the port accepts a connection."""

    port: int | str


@dataclass(frozen=True, slots=True)
class Exec:
    """Healthy when the command exits with 0."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """A readiness, liveness or startup probe, with Kubernetes' defaults."""

    action: HttpGet | TcpSocket | Exec
    initial_delay_s: float = 0.0
    period_s: float = 10.0
    timeout_s: float = 1.0
    success_threshold: int = 1
    failure_threshold: int = 3


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a container sees a volume."""

    volume: str
    mount_path: str
    sub_path: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class EmptyDirVolume:
    """An empty directory that lives as long as the Pod."""

    name: str
    size_limit: int | None = None


@dataclass(frozen=True, slots=True)
class ConfigMapVolume:
    """Files from a ConfigMap or, when ``secret`` is true, from a Secret: relative path to content.

    Content that came from a Secret does not show in the repr.
    """

    name: str
    files: Mapping[str, bytes]
    secret: bool = False

    def __post_init__(self) -> None:
        if self.secret:
            hidden = {path: SecretBytes(content) for path, content in self.files.items()}
            object.__setattr__(self, "files", hidden)


Volume = EmptyDirVolume | ConfigMapVolume


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a Pod. ``command`` None means the image's own entry point.

    A word of ``command`` or ``args`` that holds a Secret is a SecretText: its repr is stars.
    """

    name: str
    image: str
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    working_dir: str = ""
    ports: tuple[Port, ...] = ()
    resources: Resources = Resources()
    mounts: tuple[Mount, ...] = ()
    readiness: Probe | None = None
    liveness: Probe | None = None
    startup: Probe | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment, a Pod as a workload of one replica, or the Pod template of a Job.

    Attributes:
        labels: labels of the Pods (not of the Deployment).
        annotations: annotations of the Pods.
        grace_s: seconds between SIGTERM and SIGKILL (``terminationGracePeriodSeconds``).
        restart_policy: ``Always``, ``OnFailure`` or ``Never``.
    """

    kind: Literal["Deployment", "Pod", "Job"]
    namespace: str
    name: str
    replicas: int
    containers: tuple[Container, ...]
    source: Source
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    grace_s: float = 30.0
    restart_policy: Literal["Always", "OnFailure", "Never"] = "Always"

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Job:
    """A Job of batch/v1, or what a CronJob makes Jobs of, with Kubernetes' defaults.

    https://kubernetes.io/docs/concepts/workloads/controllers/job/

    Attributes:
        template: its Pods; ``replicas`` is the parallelism.
        completions: Pods that must succeed; None: any success will do, and then no further Pod is started.
        indexed: each completion is an index, given to its Pod as ``JOB_COMPLETION_INDEX``.
        backoff_limit: failed Pods (and, under OnFailure, restarts) that are tolerated.
        active_deadline_s: seconds from its start after which its Pods are ended and it has failed; None: no deadline.
        ttl_s: seconds after its end for which it is kept; None: for good.
        suspended: it starts no Pods until somebody resumes it.
        kind: of the object that declares it.
    """

    template: Workload
    completions: int | None = 1
    indexed: bool = False
    backoff_limit: int = 6
    active_deadline_s: float | None = None
    ttl_s: float | None = None
    suspended: bool = False
    kind: Literal["Job", "CronJob"] = "Job"

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.template.namespace

    @property
    def name(self) -> str:
        """Its name, or that of the CronJob that makes it."""
        return self.template.name

    @property
    def parallelism(self) -> int:
        """How many of its Pods run at the same time."""
        return self.template.replicas

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class CronJob:
    """A CronJob of batch/v1, with Kubernetes' defaults.

    https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/

    Attributes:
        job: what it starts.
        schedule: five fields or a macro; :class:`gonogo.manifests.schedule.Schedule` reads it.
        time_zone: IANA name of the zone that the schedule is in.
        concurrency: what becomes of a start that is due while the last Job still runs.
        starting_deadline_s: a start that is later than this is left out; None: however late.
        successful_limit: how many complete Jobs are kept.
        failed_limit: how many failed Jobs are kept.
    """

    job: Job
    schedule: str
    time_zone: str = "UTC"
    concurrency: Literal["Allow", "Forbid", "Replace"] = "Allow"
    starting_deadline_s: float | None = None
    successful_limit: int = 3
    failed_limit: int = 1
    suspended: bool = False

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.job.namespace

    @property
    def name(self) -> str:
        """Its name."""
        return self.job.name

    def __str__(self) -> str:
        return f"CronJob {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class ScalingPolicy:
    """How much an autoscaler may change within a time: ``value`` Pods, or ``value`` percent of them."""

    kind: Literal["Pods", "Percent"]
    value: int
    period_s: float


@dataclass(frozen=True, slots=True)
class Scaling:
    """How an autoscaler scales in one direction.

    Attributes:
        window_s: stabilization: the most cautious recommendation of so many seconds counts.
        select: which policy counts where several allow something; Disabled: it does not scale in this direction.
        tolerance: share of the target by which the measured value may differ before anything is done.
    """

    window_s: float
    policies: tuple[ScalingPolicy, ...]
    select: Literal["Max", "Min", "Disabled"] = "Max"
    tolerance: float = 0.1


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """A HorizontalPodAutoscaler on the CPU of a Deployment, with Kubernetes' defaults.

    https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/

    Attributes:
        workload: name of the Deployment.
        cpu: CPU in use over CPU requested that it aims at, 0.7 for 70 %.
    """

    namespace: str
    name: str
    workload: str
    source: Source
    least: int
    most: int
    cpu: float
    up: Scaling
    down: Scaling

    def __str__(self) -> str:
        return f"HorizontalPodAutoscaler {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service; ``target_port`` is a number or the name of a container port."""

    port: int
    target_port: int | str
    name: str = ""
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Service:
    """A Service and the label selector of the Pods behind it (empty: it has no endpoints of its own)."""

    namespace: str
    name: str
    ports: tuple[ServicePort, ...]
    selector: Mapping[str, str]
    source: Source
    headless: bool = False

    def selects(self, workload: Workload) -> bool:
        """Whether the Pods of ``workload`` stand behind this Service."""
        return (
            bool(self.selector)
            and workload.namespace == self.namespace
            and self.selector.items() <= workload.labels.items()
        )

    def __str__(self) -> str:
        return f"Service {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Generator:
    """A Pod annotated ``gonogo.dev/role: generator``: what the load generator may use, and what it shall send.

    Attributes:
        cpu: cores, from the first container's limit or else its request; None when silent.
        memory: bytes, likewise.
        files: what is mounted from ConfigMaps: absolute path in the Pod to content. Target files, bodies.
        annotations: of the Pod; those of a sidecar say what it shall be.
    """

    namespace: str
    name: str
    source: Source
    cpu: float | None = None
    memory: int | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


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

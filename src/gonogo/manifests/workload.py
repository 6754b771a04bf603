"""Deployments, Pods and Pod templates to workloads and generators."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final, Literal

from gonogo.manifests.findings import Severity
from gonogo.manifests.fit import FIELD_VALUE
from gonogo.manifests.objects import Object
from gonogo.manifests.pod import PodReading, pod
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.selector import Selector, selector
from gonogo.manifests.shape import Fields
from gonogo.manifests.store import Stores
from gonogo.manifests.topology import ConfigMapVolume, Container, Generator, Workload

__all__ = ["RULES", "PlacedWorkload", "generator", "is_generator", "templated", "workload"]

SELECTOR_MISMATCH: Final = Rule(
    "selector-mismatch", Severity.ERROR, "a Deployment's selector does not select its own Pods"
)
GENERATOR_ROLE: Final = Rule("generator-role", Severity.ERROR, "gonogo.dev/role is not `generator` on a Pod")
GENERATOR_SECRET: Final = Rule("generator-secret", Severity.WARNING, "a generator mounts a Secret")
RULES: Final = (SELECTOR_MISMATCH, GENERATOR_ROLE, GENERATOR_SECRET)

_ROLE: Final = "gonogo.dev/role"
_DEFAULT_GRACE_S: Final = 30


@dataclass(frozen=True, slots=True)
class PlacedWorkload:
    """A workload with what checks need beside it.

    Attributes:
        place: the root of its object.
        pod: its Pod's specification in the manifest.
        spec: the fields of that specification, as declared.
        selector: a Deployment's own; None for a Pod.
    """

    workload: Workload
    place: Place = field(repr=False)
    pod: Place = field(repr=False)
    spec: Fields = field(repr=False)
    selector: Selector | None = None

    def each_container(self) -> list[tuple[Container, Place]]:
        """Return its containers (no init containers), each with its place."""
        return [(c, self.pod / "containers" / i) for i, c in enumerate(self.workload.containers)]

    def each_init_container(self) -> list[tuple[Container, Place]]:
        """Return its init containers, each with its place."""
        return [(c, self.pod / "initContainers" / i) for i, c in enumerate(self.workload.init_containers)]


def is_generator(entry: Object) -> bool:
    """Whether ``entry`` is a Pod that describes the load generator; report a role that cannot be."""
    spots = [entry.place / "metadata"]
    if entry.kind == "Deployment":
        spots.append(entry.place / "spec" / "template" / "metadata")
    for spot in spots:
        fields = entry.fields
        for step in spot.path:
            fields = fields.get(str(step), {})
        role = fields.get("annotations", {}).get(_ROLE)
        if role is None:
            continue
        if entry.kind == "Pod" and role == "generator":
            return True
        (spot / "annotations" / _ROLE).report(
            GENERATOR_ROLE,
            f"a {entry.kind} with the role {role!r} is run as a part of the stack, not as its load generator",
            "write `generator`, on a Pod",
        )
    return False


def workload(entry: Object, stores: Stores) -> PlacedWorkload:
    """Return the workload that ``entry``, a Deployment or a Pod, declares."""
    spec = entry.fields.get("spec", {})
    if entry.kind == "Pod":
        read = templated(entry, entry.fields, entry.place, stores, kind="Pod")
        return PlacedWorkload(read, entry.place, entry.place / "spec", spec)
    template, place = spec.get("template", {}), entry.place / "spec" / "template"
    labels = template.get("metadata", {}).get("labels", {})
    chosen = selector(spec["selector"], entry.place / "spec" / "selector") if "selector" in spec else None
    if chosen and chosen != Selector() and not chosen.matches(labels):
        (entry.place / "spec" / "selector").report(
            SELECTOR_MISMATCH,
            "the selector does not match the labels of the template: Kubernetes refuses the Deployment",
            "select labels that spec.template.metadata.labels has",
        )
    pod_spec = template.get("spec", {})
    policy = pod_spec.get("restartPolicy", "Always")
    if policy != "Always":
        (place / "spec" / "restartPolicy").report(
            FIELD_VALUE,
            f"a Deployment's Pods cannot have {policy}: Kubernetes refuses it",
            "write Always, or remove it",
        )
    replicas = spec.get("replicas", 1)
    read = templated(entry, template, place, stores, kind="Deployment", replicas=replicas)
    return PlacedWorkload(read, entry.place, place / "spec", pod_spec, chosen)


def generator(entry: Object, stores: Stores) -> Generator:
    """Return the generator that ``entry``, a Pod, describes: the limits and files of its first container."""
    reading = _pod(entry, entry.fields, entry.place, stores)
    first = reading.containers[0] if reading.containers else Container("", "")
    declared = first.resources
    cpu = declared.cpu_request if declared.cpu_limit is None else declared.cpu_limit
    memory = declared.memory_request if declared.memory_limit is None else declared.memory_limit
    return Generator(
        namespace=entry.namespace,
        name=entry.name,
        source=entry.place.document.source,
        cpu=cpu,
        memory=memory,
        files=_mounted(first, reading, entry.place / "spec"),
        annotations=entry.fields.get("metadata", {}).get("annotations", {}),
    )


def templated(
    entry: Object,
    template: Fields,
    place: Place,
    stores: Stores,
    *,
    kind: Literal["Deployment", "Pod", "Job"],
    replicas: int = 1,
) -> Workload:
    """Return the workload of ``entry`` whose Pods ``template``, which stands at ``place``, describes."""
    spec, metadata = template.get("spec", {}), template.get("metadata", {})
    reading = _pod(entry, template, place, stores)
    return Workload(
        kind=kind,
        namespace=entry.namespace,
        name=entry.name,
        replicas=replicas,
        containers=reading.containers,
        source=entry.place.document.source,
        init_containers=reading.init_containers,
        volumes=reading.volumes,
        labels=metadata.get("labels", {}),
        annotations=metadata.get("annotations", {}),
        grace_s=float(spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE_S)),
        restart_policy=spec.get("restartPolicy", "Always"),
    )


def _pod(entry: Object, template: Fields, place: Place, stores: Stores) -> PodReading:
    metadata = template.get("metadata", {})
    return pod(
        template.get("spec", {}),
        place / "spec",
        namespace=entry.namespace,
        stores=stores,
        pod_name=entry.name if entry.kind == "Pod" else "",
        labels=metadata.get("labels", {}),
        annotations=metadata.get("annotations", {}),
    )


def _mounted(container: Container, reading: PodReading, place: Place) -> dict[str, bytes]:
    known = {volume.name: volume for volume in reading.volumes}
    files: dict[str, bytes] = {}
    for i, mount in enumerate(container.mounts):
        volume = known.get(mount.volume)
        if not isinstance(volume, ConfigMapVolume):
            continue
        if volume.secret:
            (place / "containers" / 0 / "volumeMounts" / i).report(
                GENERATOR_SECRET,
                "its files are not handed to the load generator: reports show what is sent",
                "put targets and bodies into a ConfigMap",
            )
            continue
        root = PurePosixPath(mount.mount_path)
        if mount.sub_path in volume.files:
            files[str(root)] = volume.files[mount.sub_path]
            continue
        for path, content in volume.files.items():
            inside = PurePosixPath(path)
            if not mount.sub_path or inside.is_relative_to(mount.sub_path):
                files[str(root / inside.relative_to(mount.sub_path or "."))] = content
    return files

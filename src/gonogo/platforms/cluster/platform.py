"""Starting a topology in a cluster: namespaces of the session's own, the manifests' objects in them, and the wait."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gonogo.errors import AbsentPlatform, EnvironmentFault
from gonogo.manifests.document import Document
from gonogo.manifests.topology import Topology
from gonogo.platforms.cluster import lifetime, names
from gonogo.platforms.cluster.access import connect
from gonogo.platforms.cluster.api import Api, Refused, Unreachable
from gonogo.platforms.cluster.applying import Kinds, Written, apply
from gonogo.platforms.cluster.generator import GeneratorPods
from gonogo.platforms.cluster.generator_pod import generator_order, is_generator
from gonogo.platforms.cluster.rewrite import Rewriter
from gonogo.platforms.cluster.rollout import await_ready
from gonogo.platforms.cluster.rules import HeldRules
from gonogo.platforms.cluster.scaling import METRICS, blind
from gonogo.platforms.cluster.stack import ClusterStack, Ground
from gonogo.platforms.cluster.usage import is_here
from gonogo.platforms.cluster.watch import Watch
from gonogo.platforms.cluster.written import objects

__all__ = ["ClusterPlatform"]

_ACCOUNT_S: Final = 30.0
_LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class ClusterPlatform:
    """Runs topologies in the cluster of a kubeconfig's context.

    Attributes:
        allow_contexts: names of contexts that may be used.
        context: the one to use; the kubeconfig's current one when empty.
        images: image names, or beginnings of them that end in ``*``, to what stands for them in the cluster.
        stop_timeout_s: the longest time between SIGTERM and SIGKILL at the stop; None: what the manifests say.
        generator_image: of the load generator's Pods; empty: load is sent from outside of the cluster.
    """

    allow_contexts: Collection[str] = ()
    context: str = ""
    images: Mapping[str, str] | None = None
    stop_timeout_s: float | None = None
    generator_image: str = ""
    name: str = "cluster"

    def health(self) -> str:
        """Return a line about the cluster.

        Raises:
            SettingsError: the context is not allowed.
            AbsentPlatform: there is no cluster, or it does not answer.
        """
        api = connect(self.allow_contexts, self.context)
        return f"ready, Kubernetes {_version(api)} at {api.server}"

    def start(self, topology: Topology, *, workdir: Path, ready_timeout_s: float) -> ClusterStack:
        """Start everything in ``topology`` and return when every replica is ready.

        What is applied are the documents that the topology was read from, where there are any.

        Args:
            topology: what to start.
            workdir: an empty folder for logs, events and counts; they stay in it after the stop.
            ready_timeout_s: after it an unready replica fails the start, with the true reason.

        Raises:
            SettingsError: the context is not allowed.
            AbsentPlatform: there is no cluster, or it does not answer.
            ManifestError: the API server refuses an object.
            StackError: a service did not get ready; everything has been removed.
            EnvironmentFault: the cluster did not do its part; likewise.
        """
        api = connect(self.allow_contexts, self.context)
        notes = [*_first_contact(api), *lifetime.reap(api)]
        session = names.new_session()
        written = _written(topology)
        spaces = names.namespaces(_declared_namespaces(topology, written), session)
        services = [(each.namespace, each.name) for each in topology.services]
        rewriter = Rewriter(spaces, services, self.images or {})
        ground = Ground(api, spaces, _bodies(written, rewriter), self.stop_timeout_s)
        watch = Watch(api, spaces, topology.workloads, workdir, jobs=bool(topology.jobs or topology.cron_jobs))
        # The cluster carries out its autoscalers itself; gonogo's own would pull at the same replicas.
        stack = ClusterStack(replace(topology, autoscalers=()), ground, watch)
        if self.generator_image:
            image = rewriter.image(self.generator_image)
            order = generator_order(topology, spaces, image, lambda body: rewriter.body(body, namespaced=True))
            stack.host_generator(GeneratorPods(api, order, ready_timeout_s))
        try:
            _make_namespaces(api, spaces, session, written)
            kinds = Kinds(api)
            notes += apply(api, kinds, written, rewriter)
            stack.ruled_by(HeldRules(api, kinds, rewriter, written))
            unscaled = blind(topology.autoscalers, metrics=kinds.find(METRICS, "PodMetrics") is not None)
            stack.scaled_by(topology.autoscalers, unscaled)
            notes += [f"{unscaled}: scaling out was not tested"] if unscaled else []
            watch.begin()
            await_ready(watch, topology, ready_timeout_s)
            watch.came_up()
            watch.measure()
            stack.find_way()
        except BaseException:
            stack.stop()
            raise
        stack.add_notes(*notes, *(() if self.generator_image else _placement(api, watch.nodes())))
        return stack


def _version(api: Api) -> str:
    try:
        return str(api.get("/version", patient=False).get("gitVersion", "of unknown version"))
    except Unreachable as fault:
        raise AbsentPlatform(fault.what, where=fault.where, mend=fault.mend) from fault


def _first_contact(api: Api) -> Iterator[str]:
    yield f"the stack ran in the cluster at {api.server} (Kubernetes {_version(api)})"
    if not api.verified:
        yield "the API server's certificate was not checked, as the kubeconfig says"


def _written(topology: Topology) -> tuple[Written, ...]:
    """What to apply: the documents as they were written, or objects for a topology that has none."""
    documents = [each for each in topology.documents if isinstance(each, Document)]
    if not documents or any(not each.api_version for each in documents):
        return tuple(
            Written(body, "the object that gonogo wrote", body["metadata"]["namespace"]) for body in objects(topology)
        )
    return tuple(
        Written(each.body, str(each.source), each.namespace) for each in documents if not is_generator(each.body)
    )


def _declared_namespaces(topology: Topology, written: Sequence[Written]) -> list[str]:
    named = {each.namespace for each in topology.workloads} | {each.namespace for each in topology.services}
    named |= set(topology.namespaces)
    for each in written:
        named.add(str(each.body["metadata"]["name"]) if each.kind == "Namespace" else each.namespace)
    return sorted(named - {""})


def _bodies(written: Sequence[Written], rewriter: Rewriter) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What is made again later, as it is applied: Pods that no Deployment keeps, and Jobs."""
    found = {}
    for each in written:
        metadata = each.body.get("metadata") or {}
        if each.kind in ("Pod", "Job", "CronJob") and "name" in metadata:
            key = (each.kind, each.namespace, metadata["name"])
            found[key] = rewriter.body(each.body, namespaced=True)
    return found


def _make_namespaces(api: Api, spaces: Mapping[str, str], session: str, written: Sequence[Written]) -> None:
    """Make the session's namespaces, with the labels and annotations that the manifests give them.

    Raises:
        EnvironmentFault: the cluster does not let gonogo make them.
    """
    declared = {each.body["metadata"]["name"]: each.body["metadata"] for each in written if each.kind == "Namespace"}
    marks = lifetime.marks(lifetime.Owner.here(), datetime.now(UTC))
    for name, space in spaces.items():
        own = declared.get(name, {})
        labels = {**(own.get("labels") or {}), **names.labels(session, name)}
        labels.pop("kubernetes.io/metadata.name", None)
        metadata = {"name": space, "labels": labels, "annotations": {**(own.get("annotations") or {}), **marks}}
        try:
            api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        except Refused as refusal:
            raise EnvironmentFault(
                f"the cluster refuses a namespace for the session: {refusal.what}", where=space, mend=refusal.mend
            ) from refusal
    deadline = time.monotonic() + _ACCOUNT_S
    for space in spaces.values():
        # A Pod that comes before its namespace's service account is refused.
        while not _has_account(api, space):
            if time.monotonic() > deadline:
                raise EnvironmentFault(
                    f"the namespace has got no service account within {_ACCOUNT_S:.0f} s",
                    where=space,
                    mend="see that the cluster's controller manager runs",
                )
            time.sleep(_LOOK_S)


def _has_account(api: Api, space: str) -> bool:
    try:
        api.get(f"/api/v1/namespaces/{space}/serviceaccounts/default")
    except Refused as refusal:
        if refusal.status != 404:  # noqa: PLR2004 - HTTP's "not found"
            raise
        return False
    return True


def _placement(api: Api, nodes: Collection[str]) -> Iterator[str]:
    """A note where generator and services share a machine."""
    for node in nodes:
        try:
            addresses = api.get(f"/api/v1/nodes/{node}", patient=False)["status"].get("addresses") or ()
        except EnvironmentFault:
            continue
        if any(each["type"] == "InternalIP" and is_here(each["address"]) for each in addresses):
            yield f"node {node} is this machine: load generator and services shared its CPUs"

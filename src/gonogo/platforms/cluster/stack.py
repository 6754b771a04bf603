"""A running stack in a cluster: what is known of it comes from the watch, what is done to it goes to the API server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from gonogo.errors import EnvironmentFault, StackError, UsageError
from gonogo.manifests.topology import Autoscaler, Job, Service, Topology, Workload
from gonogo.platforms.backing import backing, declared_port
from gonogo.platforms.cluster.api import Api, Refused
from gonogo.platforms.cluster.generator import GeneratorPods
from gonogo.platforms.cluster.generator_line import ExecLine
from gonogo.platforms.cluster.jobs import started
from gonogo.platforms.cluster.reach import NodePorts, await_routing, connects
from gonogo.platforms.cluster.removal import remove
from gonogo.platforms.cluster.rollout import redactor, unready
from gonogo.platforms.cluster.roster import Seat
from gonogo.platforms.cluster.rules import HeldRules
from gonogo.platforms.cluster.scaling import rescalings
from gonogo.platforms.cluster.watch import Watch
from gonogo.platforms.interface import Endpoint, JobRun, Replica, ReplicaSample, Rescaled, WorkerSize
from gonogo.platforms.process.addresses import replica_name
from gonogo.platforms.process.naming import container_port

__all__ = ["ClusterStack", "Ground"]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a stack stands.

    Attributes:
        spaces: declared namespace to the one in the cluster.
        bodies: Pods, Jobs and CronJobs as they were applied, by kind, namespace and name in the manifests.
        stop_timeout_s: the longest grace at the stop; None: what the manifests say.
    """

    api: Api
    spaces: Mapping[str, str]
    bodies: Mapping[tuple[str, str, str], Mapping[str, Any]]
    stop_timeout_s: float | None = None


class ClusterStack:
    """A topology that runs in namespaces of its own.

    Args:
        topology: what runs.
        ground: where.
        watch: who looks at it; closed with the stack.
        notes: what the platform has to say.
    """

    def __init__(self, topology: Topology, ground: Ground, watch: Watch, notes: tuple[str, ...] = ()) -> None:
        self.topology = topology
        self._ground = ground
        self._api = ground.api
        self._watch = watch
        self._notes = notes
        self._redact = redactor(topology)
        self._node_ports: NodePorts | None = None
        self._generator: GeneratorPods | None = None
        self._stopped = False
        self._left: tuple[str, ...] = ()
        self._autoscalers: tuple[Autoscaler, ...] = ()
        self._unscaled = ""
        self._rules: HeldRules | None = None

    def replicas(self, service: str = "") -> tuple[Replica, ...]:
        """All replicas, or those behind ``service`` (``name`` or ``namespace/name``), in order of name."""
        chosen = self.topology.behind(self.topology.service(service)) if service else self.topology.workloads
        self._watch.fresh()
        return tuple(
            Replica(
                name=name,
                ready=_is_ready(seat) and not self._stopped,
                address=seat.pod.address if seat.pod else "",
                log=self._watch.logbook.file(name),
                limits=_limits(workload),
            )
            for workload in sorted(chosen, key=lambda each: (each.namespace, each.name))
            for name, seat in self._named(workload)
        )

    def sample(self) -> Mapping[str, ReplicaSample]:
        """Usage of every replica by name, read now; a replica that no kubelet tells of is left out.

        Raises:
            EnvironmentFault: the cluster did something to the stack since the last ``reset_peaks`` (a node that is not
                ready, an evicted Pod): what was measured says nothing about the service.
        """
        if not self._stopped:
            self._watch.fresh()
            self._watch.measure()
            if faults := self._watch.faults():
                raise EnvironmentFault(
                    "; ".join(faults),
                    mend="see events.log beside the stack's logs, and measure again on a sound cluster",
                )
        found = {}
        for workload in self.topology.workloads:
            for name, seat in self._named(workload):
                uids = [*seat.held, *([seat.pod.uid] if seat.pod else [])]
                if not any(self._watch.meter.knows(uid) for uid in uids):
                    continue
                rss, peak = self._watch.meter.memory(uids[-1])
                cpu_s = self._watch.meter.cpu_s(uids)
                found[name] = ReplicaSample(name, cpu_s, rss, peak, None, seat.started_again)
        return found

    def reset_peaks(self) -> None:
        """Start ``rss_max`` anew, and the account of the cluster's own faults."""
        if not self._stopped:
            self._watch.measure()
        self._watch.meter.reset_peaks()
        self._watch.forget_faults()

    def kill(self, replica: str) -> None:
        """Delete the replica's Pod without grace, and return when it is gone from the API server and the endpoints.

        The kubelet then ends its containers with SIGTERM and, within two seconds, SIGKILL; from inside, the first
        process of a container cannot be killed. A Deployment makes a new Pod; a Pod of its own is made again unless its
        restart policy is ``Never``. A Job's Pod, ``namespace/run/ordinal``, counts as failed.

        Raises:
            UsageError: there is no such replica.
            StackError: the stack has been stopped, or the replica does not run.
            EnvironmentFault: the cluster does not do it.
        """
        named = {name: (workload, seat) for workload in self.topology.workloads for name, seat in self._named(workload)}
        if self._watch.jobs is not None and (running := self._watch.jobs.pod(replica)):
            self._watch.logbook.copy(replica, running)
            path = f"/api/v1/namespaces/{running.namespace}/pods/{running.name}"
            self._api.delete(path, gracePeriodSeconds=0, preconditions={"uid": running.uid})
            return
        if replica not in named:
            raise UsageError(f"no replica is called {replica!r}", mend=f"there are: {', '.join(named) or 'none'}")
        workload, seat = named[replica]
        pod = seat.pod
        if self._stopped or pod is None:
            raise StackError("the stack has been stopped" if self._stopped else "it does not run", where=replica)
        self._watch.measure()
        self._watch.logbook.copy(replica, pod)
        self._watch.ask_for([pod.uid])
        path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}"
        try:
            self._api.delete(path, gracePeriodSeconds=0, preconditions={"uid": pod.uid})
            body = self._ground.bodies.get(("Pod", workload.namespace, workload.name))
            if body is not None and workload.restart_policy != "Never":
                self._api.apply(path, body)
        except Refused as refusal:
            raise EnvironmentFault(f"the Pod cannot be deleted: {refusal.what}", where=replica) from refusal
        self._watch.look()

    def scale(self, workload: str, replicas: int) -> None:
        """Have ``replicas`` of the Deployment ``namespace/name``; returns when the API server has taken it.

        Raises:
            UsageError: there is no such Deployment, or the number is negative.
            EnvironmentFault: the API server refuses it.
        """
        known = {f"{each.namespace}/{each.name}": each for each in self.topology.workloads if each.kind == "Deployment"}
        if workload not in known or replicas < 0:
            raise UsageError(
                f"{workload!r} cannot have {replicas} replicas",
                mend=f"name one of {', '.join(known) or 'none'}, and 0 or more",
            )
        space = self._ground.spaces[known[workload].namespace]
        path = f"/apis/apps/v1/namespaces/{space}/deployments/{known[workload].name}/scale"
        self._api.merge(path, {"spec": {"replicas": replicas}})
        self._watch.look()

    def ruled_by(self, rules: HeldRules) -> None:
        """Know the traffic rules that the cluster holds."""
        self._rules = rules

    def held_rules(self) -> frozenset[str]:
        """The traffic rules of the manifests that the cluster holds; empty where it serves no such kinds."""
        return self._rules.names if self._rules else frozenset()

    def amend_rules(self, objects: Sequence[Mapping[str, Any]]) -> None:
        """Have the cluster hold ``objects`` in place of those with the same names; see :class:`HoldsRules`."""
        if self._rules is not None:
            self._rules.amend(objects)

    def authority(self, service: Service, port: int) -> str:
        """Return the full name of ``service`` in the cluster, with its port."""
        return f"{service.name}.{self._ground.spaces[service.namespace]}.svc.cluster.local:{port}"

    def scaled_by(self, autoscalers: tuple[Autoscaler, ...], unscaled: str) -> None:
        """Know which autoscalers the cluster carries out, and why they see no load, if so."""
        self._autoscalers, self._unscaled = autoscalers, unscaled

    def autoscalers(self) -> tuple[Autoscaler, ...]:
        """Those that the manifests declare."""
        return self._autoscalers

    def unscaled(self) -> str:
        """Why they see no load, as a clause; empty when they do."""
        return self._unscaled

    def rescaled(self) -> tuple[Rescaled, ...]:
        """What they changed so far, in order, as the cluster's events tell."""
        declared = {f"{each.namespace}/{each.name}": each.replicas for each in self.topology.workloads}
        return rescalings(self._autoscalers, self._watch.events(), self._ground.spaces, declared)

    def start_job(self, job: Job, run: str, env: Mapping[str, str]) -> None:
        """Start ``job``, one of the topology's, as the Job ``run`` beside it.

        Raises:
            TakenName: it is taken, be it by a Job that is suspended.
            EnvironmentFault: the API server refuses it.
        """
        started(self._api, self._ground.bodies[job.kind, job.namespace, job.name], job, run, env)
        self._watch.look()

    def end_job(self, run: str, reason: str) -> None:
        """Begin to end the run ``namespace/name`` with its Pods' grace time; ``reason`` is why it then has failed.

        Raises:
            UsageError: there is no such run.
        """
        if self._watch.jobs is not None:
            self._watch.jobs.end(run, reason)

    def job_runs(self) -> tuple[JobRun, ...]:
        """Every Job so far, those included that the manifests or a schedule started, in the order of their starts."""
        self._watch.fresh()
        return self._watch.jobs.runs() if self._watch.jobs is not None else ()

    def endpoints(self, service: Service, port: int | str | None = None) -> tuple[Endpoint, ...]:
        """Addresses of the ready replicas behind ``port`` of ``service``; a NodePort where no route leads to Pods.

        Raises:
            StackError: nothing stands behind the Service, or no replica is ready.
            UsageError: the Service has no such port.
        """
        ready = self.inner_endpoints(service, port)
        if self._node_ports is None:
            return ready
        return self._node_ports.endpoints(service, declared_port(service, port).port)

    def inner_endpoints(self, service: Service, port: int | str | None = None) -> tuple[Endpoint, ...]:
        """Pod addresses of the ready replicas behind ``port`` of ``service``, as other Pods reach them.

        Raises:
            StackError: nothing stands behind the Service, or no replica is ready.
            UsageError: the Service has no such port.
        """
        declared = declared_port(service, port)
        behind = backing(self.topology, service)
        self._watch.fresh()
        ready = tuple(
            Endpoint(seat.pod.address, container_port(declared.target_port, workload, str(service.source)), name)
            for workload in behind
            for name, seat in self._named(workload)
            if seat.pod and _is_ready(seat) and not self._stopped
        )
        if not ready:
            raise StackError(
                f"no replica behind the Service is ready ({self._why(behind)})",
                where=str(service),
                mend=f"see the logs: {', '.join(str(each.log) for each in self.replicas(_full(service)))}",
            )
        return ready

    def host_generator(self, pods: GeneratorPods) -> None:
        """Have ``pods`` for load that is sent from within."""
        self._generator = pods

    @property
    def generator(self) -> GeneratorPods:
        """The load generator's Pods.

        Raises:
            UsageError: load is sent from outside of the cluster.
        """
        if self._generator is None:
            raise UsageError(
                "the load generator does not run in the cluster", mend="have it there: --gonogo-generator inside"
            )
        return self._generator

    def worker_size(self) -> WorkerSize:
        """What each of the load generator's Pods has."""
        return self.generator.order.size

    def workers(self, count: int) -> tuple[str, ...]:
        """Have ``count`` Pods of the load generator, those anew that are lost, and return where they are.

        Raises:
            EnvironmentFault: one does not come.
        """
        pods = self.generator.have(count)
        beside = {seat.pod.node for each in self.topology.workloads for _, seat in self._named(each) if seat.pod}
        return tuple(
            f"{pod}, which it shares with replicas of the stack" if pod.rpartition(" on node ")[2] in beside else pod
            for pod in pods
        )

    def open_line(self, worker: int, command: Sequence[str]) -> ExecLine:
        """Start ``command`` in one of these Pods.

        Raises:
            EnvironmentFault: it does not start.
        """
        return self.generator.open_line(worker, command)

    def find_way(self) -> None:
        """Wait for the Services' routing, and find out how this machine reaches the Pods: directly, else by NodePorts.

        Raises:
            EnvironmentFault: not at all.
        """
        await_routing([each for service in self.topology.services for each in self._cluster_addresses(service)])
        for service in self.topology.services:
            with suppress(StackError):
                if connects(self.endpoints(service)[0]):
                    return
        served = [service for service in self.topology.services if self.topology.behind(service)]
        if not served:
            return
        self._node_ports = NodePorts(self._api)
        for service in served:
            self._node_ports.open(service, self._ground.spaces[service.namespace])
        self._notes += (
            "no route leads from here to the Pods: load goes to NodePorts, through the node's own balancing",
        )

    def add_notes(self, *notes: str) -> None:
        """Have more to say."""
        self._notes += notes

    def problems(self) -> tuple[str, ...]:
        """What went wrong since the start without being asked for, also after the stop."""
        return tuple(self._redact(text) for text in (*self._watch.problems(), *self._left))

    def notes(self) -> tuple[str, ...]:
        """How it stands in the cluster, what was left out, and what is not seen."""
        silent = tuple(
            f"what Pods on node {node} use was not seen: {why}" for node, why in self._watch.kubelets.silent().items()
        )
        trouble = self._watch.logbook.trouble
        return (*self._notes, *silent, *((f"logs were not seen: {trouble}",) if trouble else ()))

    def stop(self) -> None:
        """Remove the session's namespaces with everything in them, and return when the cluster lists none of them.

        Safe to call twice. What is still there after the Pods' grace time and thirty seconds is a problem.
        """
        if self._stopped:
            return
        grace_s = max((each.grace_s for each in self.topology.workloads), default=0.0)
        if self._ground.stop_timeout_s is not None:
            grace_s = min(grace_s, self._ground.stop_timeout_s)
        try:
            self._watch.close()
        finally:
            # Also when Ctrl-C interrupts the copying of logs.
            self._stopped = True
            try:
                remove(self._api, tuple(self._ground.spaces.values()), grace_s)
            except EnvironmentFault as fault:
                self._left = (f"the stack was not removed: {fault}",)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _named(self, workload: Workload) -> list[tuple[str, Seat]]:
        return [(replica_name(workload, ordinal), seat) for ordinal, seat in enumerate(self._watch.seats(workload))]

    def _cluster_addresses(self, service: Service) -> tuple[Endpoint, ...]:
        """Where Pods reach ``service``; nothing for a headless one, and for one with no Pods to route to."""
        if not any(workload.replicas for workload in self.topology.behind(service)):
            return ()
        space = self._ground.spaces[service.namespace]
        address = self._api.get(f"/api/v1/namespaces/{space}/services/{service.name}")["spec"].get("clusterIP", "None")
        ports = [port.port for port in service.ports if port.protocol == "TCP"]
        return () if address in ("", "None") else tuple(Endpoint(address, port) for port in ports)

    def _why(self, behind: tuple[Workload, ...]) -> str:
        if self._stopped:
            return "the stack has been stopped"
        return self._redact(
            "; ".join(dict.fromkeys(each.reason.text for each in unready(self._watch, behind))) or "scaled to 0"
        )


def _is_ready(seat: Seat) -> bool:
    return seat.pod is not None and seat.pod.ready and not seat.pod.deleting


def _full(service: Service) -> str:
    return f"{service.namespace}/{service.name}"


def _limits(workload: Workload) -> tuple[str, ...]:
    """What is declared; the node holds it."""
    cpu = sum(each.resources.cpu_limit or 0.0 for each in workload.containers)
    memory = sum(each.resources.memory_limit or 0 for each in workload.containers)
    return (
        *((f"cpu {cpu:g} cores: enforced (kubelet)",) if cpu else ()),
        *((f"memory {memory / 1024**2:g} MiB: enforced (kubelet)",) if memory else ()),
    )

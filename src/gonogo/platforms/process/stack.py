"""A running stack as its owner sees it: questions go to the supervisor, addresses come from the plan."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from gonogo.errors import StackError, UsageError
from gonogo.manifests.topology import Job, Service, Topology, Workload
from gonogo.platforms.backing import backing, declared_port
from gonogo.platforms.interface import Endpoint, JobRun, Replica, ReplicaSample
from gonogo.platforms.process.addresses import AddressPlan, replica_name
from gonogo.platforms.process.jobs.keeper import JobKeeper, Maker
from gonogo.platforms.process.link import Link
from gonogo.platforms.process.naming import container_port
from gonogo.platforms.process.plan import StackPlan
from gonogo.platforms.process.spec import ReplicaStatus, StackStatus, Verb

__all__ = ["ProcessStack"]

_STOP_SLACK_S = 20.0


class ProcessStack:
    """A topology that runs as processes.

    Args:
        topology: what runs.
        plan: how.
        addresses: where.
        link: who keeps it.
        notes: what the platform has to say beside the plan's notes.
        maker: makes the Pods of Jobs; None: no Jobs run here.
    """

    def __init__(
        self,
        topology: Topology,
        plan: StackPlan,
        addresses: AddressPlan,
        link: Link,
        notes: tuple[str, ...],
        maker: Maker | None = None,
    ) -> None:
        self.topology = topology
        self._jobs = JobKeeper(link, maker, plan.redact)
        self._plan = plan
        self._addresses = addresses
        self._link = link
        self._notes = notes
        self._specs = {replica.name: replica for replica in (*plan.replicas, *plan.reserve)}
        self._last = StackStatus()
        self._stopped = False

    def replicas(self, service: str = "") -> tuple[Replica, ...]:
        """All replicas, or those behind ``service`` (``name`` or ``namespace/name``), in order of name."""
        names = set(self._specs)
        if service:
            behind = self.topology.behind(self.topology.service(service))
            names = {name for workload in behind for name in self._names(workload)}
        return tuple(
            Replica(
                name=each.name,
                ready=each.ready and not self._stopped,
                address=self._specs[each.name].address,
                log=Path(self._specs[each.name].log),
                limits=each.limits,
            )
            for each in sorted(self._status().replicas, key=_order)
            if each.name in names
        )

    def sample(self) -> Mapping[str, ReplicaSample]:
        """Usage of every replica by name, read now."""
        return {
            each.name: ReplicaSample(
                replica=each.name,
                cpu_s=each.cpu_s,
                rss=each.rss,
                rss_max=each.rss_max,
                throttled_s=each.throttled_s,
                restarts=each.restarts,
            )
            for each in self._status("sample").replicas
        }

    def reset_peaks(self) -> None:
        """Start ``rss_max`` anew."""
        self._status("reset")

    def kill(self, replica: str) -> None:
        """Kill every process of ``replica`` with SIGKILL; when this returns, they are dead.

        Raises:
            UsageError: there is no such replica.
        """
        self._act("kill", replica)

    def pause(self, replica: str) -> None:
        """Hold every process of ``replica`` where it stands; when this returns, none runs.

        Raises:
            UsageError: there is no such replica.
        """
        self._act("pause", replica)

    def resume(self, replica: str) -> None:
        """Let ``replica`` go on from where it stands.

        Raises:
            UsageError: there is no such replica.
        """
        self._act("resume", replica)

    def _act(self, verb: Verb, replica: str) -> None:
        pods = {pod.name for run in self._jobs.runs() for pod in run.pods}
        if replica not in self._specs and replica not in pods:
            raise UsageError(f"no replica is called {replica!r}", mend=f"there are: {', '.join(self._specs) or 'none'}")
        if self._stopped:
            raise StackError("the stack has been stopped", where=replica)
        self._last = self._link.ask(verb, replica)

    def scale(self, workload: str, replicas: int) -> None:
        """Begin to have ``replicas`` of the Deployment ``workload`` (``namespace/name``): start some, or end the last.

        Raises:
            UsageError: there is no such Deployment, or an autoscaler does not allow it so many.
        """
        found = [each for each in self.topology.workloads if f"{each.namespace}/{each.name}" == workload]
        if not found:
            known = ", ".join(f"{each.namespace}/{each.name}" for each in self.topology.workloads) or "none"
            raise UsageError(f"no Deployment is called {workload!r}", mend=f"there are: {known}")
        most = self.topology.most_replicas(found[0])
        if not 0 <= replicas <= most:
            raise UsageError(
                f"{replicas} replicas of {found[0]}",
                where=str(found[0].source),
                mend=f"it may have 0 to {most}; maxReplicas of a HorizontalPodAutoscaler allows more",
            )
        running = {each.name for each in self._status().replicas}
        for ordinal, name in enumerate(self._names(found[0])):
            if ordinal < replicas and name not in running:
                self._last = self._link.ask("join", name)
            elif ordinal >= replicas and name in running:
                self._last = self._link.ask("leave", name)

    def _names(self, workload: Workload) -> list[str]:
        return [replica_name(workload, ordinal) for ordinal in range(self.topology.most_replicas(workload))]

    def start_job(self, job: Job, run: str, env: Mapping[str, str]) -> None:
        """Start ``job`` as ``run``, with ``env`` over the variables of its containers."""
        self._jobs.start(job, run, env)

    def end_job(self, run: str, reason: str) -> None:
        """Begin to end the run ``namespace/name`` with its grace time."""
        self._jobs.end(run, reason)

    def job_runs(self) -> tuple[JobRun, ...]:
        """Every Job started so far."""
        return self._jobs.runs()

    def endpoints(self, service: Service, port: int | str | None = None) -> tuple[Endpoint, ...]:
        """Addresses of the ready replicas behind ``port`` of ``service``.

        Raises:
            StackError: nothing stands behind the Service, or no replica is ready.
            UsageError: the Service has no such port.
        """
        declared = declared_port(service, port)
        behind = backing(self.topology, service)
        ready = {each.name for each in self.replicas() if each.ready}
        found = tuple(
            self.reach(name, number)
            for workload in behind
            for number in [container_port(declared.target_port, workload, str(service.source))]
            for name in self._names(workload)
            if name in ready
        )
        if not found:
            said = self.problems()[-1:]
            raise StackError(
                f"no replica behind the Service is ready{''.join(f' ({text})' for text in said)}",
                where=str(service),
                mend=f"see the logs: {', '.join(str(each.log) for each in self.replicas(_full(service)))}",
            )
        return found

    def reach(self, replica: str, port: int) -> Endpoint:
        """Return where ``port`` of ``replica`` takes connections of this machine."""
        return Endpoint(self._addresses.replicas[replica], port, replica)

    def problems(self) -> tuple[str, ...]:
        """What went wrong since the start without being asked for, also after the stop."""
        try:
            return self._redacted(self._status().problems)
        except StackError as error:
            return (*self._redacted(self._last.problems), str(error))

    def notes(self) -> tuple[str, ...]:
        """What is not real here: forwarders, limits not enforced, what was left out."""
        with suppress(StackError):  # problems() tells that the supervisor is gone; what is known stays known
            self._status()
        status = self._last
        return (*self._notes, *self._plan.notes, *status.notes, *_limit_notes(status.replicas))

    def stop(self) -> None:
        """Stop and remove everything; logs stay. Safe to call twice."""
        if self._stopped:
            return
        grace_s = max((each.grace_s for each in (*self._plan.replicas, *self._plan.templates)), default=0.0)
        try:
            self._jobs.stop()
            self._last = self._link.ask("stop", timeout_s=grace_s + _STOP_SLACK_S)
        except StackError as error:
            self._last = StackStatus(self._last.replicas, (*self._last.problems, str(error)), self._last.notes)
        finally:
            # Also when Ctrl-C interrupts the waiting: what is left is then killed at once.
            self._stopped = True
            self._link.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _status(self, verb: Verb = "status") -> StackStatus:
        if not self._stopped:
            self._last = self._link.ask(verb)
        return self._last

    def _redacted(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._plan.redact(text) for text in texts)


def _full(service: Service) -> str:
    return f"{service.namespace}/{service.name}"


def _order(status: ReplicaStatus) -> tuple[str, int]:
    workload, _, ordinal = status.name.rpartition("/")
    return workload, int(ordinal)


def _limit_notes(replicas: tuple[ReplicaStatus, ...]) -> tuple[str, ...]:
    """Return one line per limit that is not enforced, however many replicas share it."""
    users: dict[str, list[str]] = {}
    for each in replicas:
        for text in each.limits:
            if "not enforced" in text:
                users.setdefault(text, []).append(each.name.rpartition("/")[0])
    return tuple(f"{', '.join(dict.fromkeys(names))}: {text}" for text, names in users.items())

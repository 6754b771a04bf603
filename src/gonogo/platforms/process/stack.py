"""A running stack as its owner sees it: questions go to the supervisor, addresses come from the plan."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from gonogo.errors import StackError, UsageError
from gonogo.manifests.topology import Service, ServicePort, Topology
from gonogo.platforms.interface import Endpoint, Replica, ReplicaSample
from gonogo.platforms.process.addresses import AddressPlan, replica_name
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
    """

    def __init__(
        self, topology: Topology, plan: StackPlan, addresses: AddressPlan, link: Link, notes: tuple[str, ...]
    ) -> None:
        self.topology = topology
        self._plan = plan
        self._addresses = addresses
        self._link = link
        self._notes = notes
        self._specs = {replica.name: replica for replica in plan.replicas}
        self._last = StackStatus()
        self._stopped = False

    def replicas(self, service: str = "") -> tuple[Replica, ...]:
        """All replicas, or those behind ``service`` (``name`` or ``namespace/name``), in order of name."""
        names = set(self._specs)
        if service:
            behind = self.topology.behind(self.topology.service(service))
            names = {replica_name(workload, ordinal) for workload in behind for ordinal in range(workload.replicas)}
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
        if replica not in self._specs:
            raise UsageError(f"no replica is called {replica!r}", mend=f"there are: {', '.join(self._specs) or 'none'}")
        if self._stopped:
            raise StackError("the stack has been stopped", where=replica)
        self._last = self._link.ask("kill", replica)

    def endpoints(self, service: Service, port: int | str | None = None) -> tuple[Endpoint, ...]:
        """Addresses of the ready replicas behind ``port`` of ``service``.

        Raises:
            StackError: nothing stands behind the Service, or no replica is ready.
            UsageError: the Service has no such port.
        """
        declared = _declared(service, port)
        behind = self.topology.behind(service)
        if not behind:
            raise StackError(
                "the Service has no endpoints: its selector matches no Pod",
                where=f"{service.source}: {service}",
                mend="make the selector equal to labels of the Pods' template",
            )
        ready = {each.name for each in self.replicas() if each.ready}
        found = tuple(
            Endpoint(self._addresses.replicas[name], number)
            for workload in behind
            for number in [container_port(declared.target_port, workload, str(service.source))]
            for name in [replica_name(workload, ordinal) for ordinal in range(workload.replicas)]
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
        grace_s = max((replica.grace_s for replica in self._plan.replicas), default=0.0)
        try:
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


def _declared(service: Service, port: int | str | None) -> ServicePort:
    for declared in service.ports:
        if port is None or port in (declared.port, declared.name):
            return declared
    known = ", ".join(f"{each.port} {each.name}".strip() for each in service.ports) or "none"
    raise UsageError(f"the Service has no port {port!r}", where=str(service), mend=f"it declares: {known}")


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

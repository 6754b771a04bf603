"""Both sides of a mirror as a suite sees them: what the replicas of one Service are asked and answer, run by run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.capture.feed import Feed
from gonogo.capture.inlet import Scope
from gonogo.capture.joining import joined
from gonogo.capture.reading import Reading
from gonogo.capture.record import Captured
from gonogo.capture.routed import destinations, labels_of
from gonogo.capture.sides import Sides
from gonogo.capture.tables import Table, query
from gonogo.capture.warehouse import Origin
from gonogo.errors import GrammarError, UsageError
from gonogo.manifests.host import Host
from gonogo.manifests.prediction_log import ANNOTATION, LogFields, read_log_fields
from gonogo.manifests.topology import Service
from gonogo.measures.sides import LACKING, LEAST_CAPTURED, LOST, UNARRIVED
from gonogo.mesh.policy.destination import Destination
from gonogo.mesh.policy.policy import Policy
from gonogo.platforms.interface import RunningStack
from gonogo.runs.run import Run
from gonogo.suite.captured import CapturedServices
from gonogo.suite.inlets import Captor, Inlets
from gonogo.suite.traffic import Traffic
from gonogo.units import format_count

__all__ = ["Capture", "LogOption", "capture_of"]

LogOption = bool | str | Mapping[str, str] | None
"""Whether a service's own log is read: None, as its Pods are annotated; or where the log has what."""

_BEFORE_S: Final = 0.3
_AFTER_S: Final = 0.05
"""A request that was due so shortly before or after a change of the rules was noted may have met either."""


def capture_of(
    traffic: Traffic,
    running: RunningStack,
    service: Service,
    reading: Reading,
    scope: Scope,
    log: LogOption = None,
) -> Capture:
    """Return the capture of ``service``: the one that goes on, or a new one beside those of other Services.

    Raises:
        UsageError: this Service is captured in another way, or what is said of its log cannot be used.
        MissingPart: Envoy is not installed.
        EnvironmentFault: a proxy does not start, or the sidecar does not lead through it.
    """
    host = Host(service.namespace, service.name)
    services = traffic.way if isinstance(traffic.way, CapturedServices) else None
    if services is None:
        services = CapturedServices(Inlets(running, traffic.folder.parent / "capture", traffic.service_cores))
    hosts = frozenset({host, *(one.host for one in destinations(traffic.policy, host))})
    captor = Captor(scope, reading, _logs(running, hosts, log))
    going_on = services.get(str(host))
    if going_on is not None:
        if going_on.captor == captor:
            return going_on
        raise UsageError(
            f"{host} is captured already, in its own way",
            where=f"capture of {host}",
            mend="capture it with the same options in every test, or mark the stack fresh=True",
        )
    capture = Capture(host, hosts, captor, running, traffic, services)
    services.add(capture)
    try:
        traffic.lead_through(services)
    except BaseException:
        services.remove(capture)
        if traffic.way is None:
            services.stop()
        raise
    return capture


class Capture:
    """Captures what the replicas behind a Service are asked and answer, those that get copies included.

    Args:
        service: whose requests are captured.
        hosts: the Services that its requests and their copies go to.
        captor: how.
        running: the stack.
        traffic: its traffic rules.
        services: all captured Services of the stack.
    """

    def __init__(
        self,
        service: Host,
        hosts: frozenset[Host],
        captor: Captor,
        running: RunningStack,
        traffic: Traffic,
        services: CapturedServices,
    ) -> None:
        self.service = service
        self.hosts = hosts
        self.captor = captor
        self._running = running
        self._traffic = traffic
        self._services = services
        self._begun: tuple[Policy, int] = (traffic.policy, len(traffic.changes))

    @property
    def name(self) -> str:
        """The Service, as ``namespace/name``."""
        return f"{self.service.namespace}/{self.service.name}"

    @property
    def reading(self) -> Reading:
        """How bodies are read."""
        return self.captor.reading

    @property
    def by_log(self) -> bool:
        """Whether services' own logs are read in place of an Envoy's."""
        return bool(self.captor.logs)

    @property
    def shared(self) -> bool:
        """Whether replicas of it answer for another captured Service, too."""
        return self._services.shares(self)

    def begin(self) -> None:
        """Count changes of the rules from now on; a run begins."""
        self._begun = (self._traffic.policy, len(self._traffic.changes))

    def told(
        self,
        run: Run,
        rows: npt.NDArray[np.bool_],
        ids: Sequence[object],
        answered_by: Sequence[str | None],
        seen: Sequence[Captured],
    ) -> Mapping[str, npt.NDArray[np.object_]]:
        """Return both sides' answers to the requests ``rows`` of ``run`` as columns of as many values.

        Args:
            run: that has ended.
            rows: which of its requests asked this Service.
            ids: of all its requests.
            answered_by: the replica whose answer the client got, of all its requests.
            seen: what was captured.
        """
        chosen = [int(row) for row in np.flatnonzero(rows)]
        own = [None if ids[row] is None else str(ids[row]) for row in chosen]
        further = joined(own, [answered_by[row] for row in chosen], seen, sides=self.sides, reading=self.reading)
        on, stretch = self._mirror_on(run)
        return {**further, "mirror_on": on[rows], "mirror_stretch": stretch[rows]}

    def lacking(self) -> Mapping[str, str]:
        """Return as labels of the run why too little is told of some requests; nothing where all is told."""
        found: dict[str, list[str]] = {LACKING: [], LOST: [], UNARRIVED: []}
        for workload in sorted(self._workloads()):
            gap = self._services.inlets.gap(workload)
            logged = self._services.inlets.by_log([workload])
            what = f"the log of {workload}" if logged else f"the capture of {workload}"
            worst = max((count for _, count in gap.lacking), default=0)
            if worst > (1 - LEAST_CAPTURED) * gap.seen:
                names = ", ".join(repr(name) for name, _ in gap.lacking)
                lines = format_count(gap.seen)
                found[LACKING].append(f"{what} lacks {names} in {format_count(worst)} of {lines} lines")
            if gap.lost:
                said = f"{what} lost {format_count(gap.lost)} {'lines' if logged else 'writes'}"
                found[LOST].append(said)
                if gap.lost > (1 - LEAST_CAPTURED) * (gap.seen + gap.lost):
                    found[LACKING].append(said)
            if logged:
                found[UNARRIVED].append(f"{what} tells of no copy that was never answered")
        return {f"{label}{self.name}": "; ".join(texts) for label, texts in found.items() if texts}

    def origins(self) -> Mapping[str, Origin]:
        """Return what each replica is for, by its address."""
        ruling, sides = self._begun[0].of(self.service), self.sides
        names = {one.address: one.name for one in self._running.replicas()}
        origins = {}
        for address, one in self._services.inlets.replicas.items():
            if one.host not in self.hosts:
                continue
            subsets = [entry.name for entry in ruling.subsets if entry.labels.items() <= one.endpoint.labels.items()]
            origins[str(address)] = Origin(
                service=f"{one.host.namespace}/{one.host.name}",
                subset=subsets[0] if subsets else "",
                side=sides.side(str(address)),
                workload=one.workload,
                replica=one.endpoint.replica or names.get(address.ip, str(address)),
            )
        return origins

    @property
    def sides(self) -> Sides:
        """Which replicas answer clients and which get copies, by all rules since the run began."""
        policy, before = self._begun
        policies = [policy, *(change.policy for change in self._traffic.changes[before:] if change.policy)]
        live = [one for rules in policies for one in destinations(rules, self.service, mirrors=False)]
        shadow = [one for rules in policies for one in destinations(rules, self.service, mirrors=True)]
        primary = destinations(policy, self.service, mirrors=False, primary=True)
        # Whoever gets copies is the shadow, also where a wrong rule leads clients to it; but for the main destination,
        # which may be mirrored to itself.
        lives = [one for one in live if one in primary or one not in shadow]
        return Sides(self._selected(policies, lives), self._selected(policies, shadow))

    def query(self, statement: str, parameters: Sequence[object] = ()) -> Table:
        """Return what the warehouse answers to ``statement``: tables ``captures`` and ``requests``, of all runs so far.

        Raises:
            UsageError: no run has ended yet, or the statement cannot be carried out.
        """
        judgment = self._services.judgment
        if judgment is None:
            raise UsageError("nothing has been captured yet", where=str(self.service), mend="query after a run")
        return query([judgment], statement, parameters)

    def fresh_feeds(self) -> tuple[Feed, ...]:
        """Return readers of their own of all that is captured, from the beginning on."""
        with self._services.lock:
            return self._services.inlets.feeds(anew=True)

    def _workloads(self) -> set[str]:
        return {one.workload for one in self._services.inlets.replicas.values() if one.host in self.hosts}

    def _selected(self, policies: Sequence[Policy], destinations: Sequence[Destination]) -> frozenset[str]:
        found = set()
        for destination in destinations:
            for rules in policies:
                labels = labels_of(rules, destination)
                for address, replica in self._services.inlets.replicas.items():
                    if replica.host == destination.host and labels.items() <= replica.endpoint.labels.items():
                        found.add(str(address))
        return frozenset(found)

    def _mirror_on(self, run: Run) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
        """Return for each request whether copies were sent, and the stretch between two changes of the rules.

        The first is None where the request was due about when that changed; stretches count from 0.
        """
        policy, before = self._begun
        on = np.full(len(run.columns), bool(destinations(policy, self.service, mirrors=True)), dtype=object)
        stretch = np.zeros(len(run.columns), dtype=np.int64).astype(object)
        if not run.facts.started_at:
            return on, stretch
        start_s = datetime.fromisoformat(run.facts.started_at).timestamp()
        due_s = run.columns.due_s + start_s
        for number, change in enumerate(self._traffic.changes[before:], start=1):
            at_s = datetime.fromisoformat(change.wall).timestamp()
            if change.policy is not None:
                on[due_s >= at_s] = bool(destinations(change.policy, self.service, mirrors=True))
                on[(due_s > at_s - _BEFORE_S) & (due_s < at_s + _AFTER_S)] = None
                stretch[due_s >= at_s] = number
        return on, stretch


def _logs(running: RunningStack, hosts: frozenset[Host], log: LogOption) -> Mapping[str, LogFields]:
    """Return where the own log of each workload behind ``hosts`` has what, of those that have one.

    Raises:
        UsageError: what is said of a log cannot be used.
    """
    if log is False:
        return {}
    found: dict[str, LogFields] = {}
    topology = running.topology
    for host in hosts:
        known = [one for one in topology.services if (one.namespace, one.name) == (host.namespace, host.name)]
        for workload in (each for service in known for each in topology.behind(service)):
            name = f"{workload.namespace}/{workload.name}"
            given = workload.annotations.get(ANNOTATION) if log is None else ("stdout" if log is True else log)
            if given is None:
                continue
            try:
                found[name] = read_log_fields(given)
            except GrammarError as error:
                where = f"annotation {ANNOTATION} of the Pods of {name}" if log is None else "stack.capture(log=…)"
                raise UsageError(error.what, where=where, mend=error.mend) from error
    return found

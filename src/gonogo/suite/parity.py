"""Both sides of a mirror as a suite sees them: proxies before the replicas, whose records are joined to each run."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.capture.inlet import Inlet, Scope
from gonogo.capture.joining import joined
from gonogo.capture.proxy import CaptureProxy
from gonogo.capture.reading import Reading
from gonogo.capture.record import Captured, captured
from gonogo.capture.routed import destinations, labels_of
from gonogo.capture.sides import Sides
from gonogo.capture.tail import Tail
from gonogo.capture.warehouse import FOLDER, Origin, Table, query, store
from gonogo.errors import EnvironmentFault, UsageError
from gonogo.gate.judgment import ReplicaUsage
from gonogo.manifests.host import Host
from gonogo.manifests.topology import Service
from gonogo.mesh.policy.destination import Destination
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Address, Endpoint, Outlet
from gonogo.platforms.interface import RunningStack
from gonogo.runs.run import Run
from gonogo.suite.recorder import RunPlace
from gonogo.suite.traffic import REQUEST_ID, Traffic
from gonogo.units import format_count

__all__ = ["Capture", "capture_of"]

_PATIENCE_S: Final = 3.0
_QUIET_S: Final = 0.3
_LOOK_S: Final = 0.05
_BEFORE_S: Final = 0.3
_AFTER_S: Final = 0.05
"""A request that was due so shortly before or after a change of the rules was noted may have met either."""


@dataclass(frozen=True, slots=True)
class _Replica:
    """A replica that has a proxy before it."""

    host: Host
    endpoint: Endpoint
    workload: str


def capture_of(traffic: Traffic, running: RunningStack, service: Service, reading: Reading, scope: Scope) -> Capture:
    """Return the capture of ``service``: the one that goes on, or a new one.

    Raises:
        UsageError: another Service is captured, or this one in another way.
    """
    host, going_on = Host(service.namespace, service.name), traffic.way
    if isinstance(going_on, Capture):
        if (going_on.service, going_on.reading, going_on.scope) == (host, reading, scope):
            return going_on
        raise UsageError(
            f"{going_on.service} is captured already, in its own way",
            where=f"capture of {host}",
            mend="capture one Service of a stack, with the same options in every test, or mark the stack fresh=True",
        )
    folder = traffic.folder.parent / "capture"
    return Capture(host, running, traffic, reading=reading, scope=scope, folder=folder, cores=traffic.service_cores)


class Capture:
    """Captures what the replicas behind a Service are asked and answer, those that get copies included.

    Args:
        service: whose requests are captured.
        running: the stack.
        traffic: its traffic rules, which lead requests through the proxies from now on.
        reading: how bodies are read.
        scope: what is kept of each request.
        folder: for the proxies' files.
        cores: CPUs of the proxies; empty: all.

    Raises:
        MissingPart: Envoy is not installed.
        EnvironmentFault: a proxy does not start, or the sidecar does not lead through it.
    """

    def __init__(
        self,
        service: Host,
        running: RunningStack,
        traffic: Traffic,
        *,
        reading: Reading,
        scope: Scope,
        folder: Path,
        cores: tuple[int, ...] = (),
    ) -> None:
        self.service = service
        self.reading = reading
        self.scope = scope
        self._running = running
        self._traffic = traffic
        self._folder = folder
        self._cores = cores
        self._lock = threading.RLock()
        self._proxies: dict[str, CaptureProxy] = {}
        self._tails: dict[str, Tail] = {}
        self._inlets: dict[Address, Inlet] = {}
        self._replicas: dict[Address, _Replica] = {}
        self._hosts = {service, *(one.host for one in destinations(traffic.policy, service))}
        self._used: dict[str, float] = {}
        self._lines: list[bytes] = []
        self._judgment: Path | None = None
        self._begun: tuple[Policy, int] = (traffic.policy, len(traffic.changes))
        try:
            traffic.lead_through(self)
        except BaseException:
            self.stop()
            raise

    @property
    def name(self) -> str:
        """The Service, as ``namespace/name``."""
        return f"{self.service.namespace}/{self.service.name}"

    def __call__(self, outlets: tuple[Outlet, ...]) -> tuple[Outlet, ...]:
        """Return ``outlets`` with the proxies' addresses in place of the replicas' own; proxies come as replicas do.

        Raises:
            EnvironmentFault: a proxy does not start or does not take a replica.
        """
        with self._lock:
            led = []
            for outlet in outlets:
                if outlet.host not in self._hosts:
                    led.append(outlet)
                    continue
                self._stand_before(outlet)
                endpoints = tuple(replace(one, address=self._inlets[one.address].listen) for one in outlet.endpoints)
                led.append(replace(outlet, endpoints=endpoints))
            return tuple(led)

    def begin(self) -> None:
        """Forget what was captured before; a run begins."""
        with self._lock:
            self._lines = []
            for tail in self._tails.values():
                tail.lines()
            self._begun = (self._traffic.policy, len(self._traffic.changes))
            self._used = {name: proxy.sample().cpu_s for name, proxy in self._proxies.items()}

    def told(self, run: Run, place: RunPlace) -> Run:
        """Return ``run`` with both sides' answers as further columns, and keep them in the warehouse.

        Raises:
            UsageError: the warehouse cannot be written.
        """
        ids = run.columns.extracted.get(REQUEST_ID)
        if ids is None:
            return run
        wanted = {str(one) for one in ids if one is not None}
        seen = self._await_captures(wanted)
        sides = self.sides
        upstream = run.columns.extracted.get("sidecar_upstream", np.full(len(ids), None, dtype=object))
        by_inlet = {str(inlet.listen): str(inlet.replica) for inlet in self._inlets.values()}
        answered_by = [None if one is None else by_inlet.get(str(one), str(one)) for one in upstream]
        further = joined(list(ids), answered_by, seen, sides=sides, reading=self.reading)
        store(
            place.folder.parent.parent / FOLDER / f"{place.name}.parquet",
            place.name,
            seen,
            self._origins(sides),
            self.reading,
        )
        for tail in self._tails.values():
            tail.empty()
        on, stretch = self._mirror_on(run)
        columns = {**run.columns.extracted, **further, "mirror_on": on, "mirror_stretch": stretch}
        self._judgment = place.folder.parent.parent
        return replace(run, columns=replace(run.columns, extracted=columns))

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
        if self._judgment is None:
            raise UsageError("nothing has been captured yet", where=str(self.service), mend="query after a run")
        return query(self._judgment, statement, parameters)

    def fresh_lines(self) -> tuple[Tail, ...]:
        """Return readers of all lines, from the beginning of the files on."""
        with self._lock:
            return tuple(proxy.tail() for proxy in self._proxies.values())

    def usage(self) -> tuple[ReplicaUsage, ...]:
        """What the proxies used since the run began."""
        with self._lock:
            used = {name: proxy.sample() for name, proxy in sorted(self._proxies.items())}
        return tuple(
            ReplicaUsage(f"capture/{name}", cpu_s=now.cpu_s - self._used.get(name, 0.0), rss_max=now.rss)
            for name, now in used.items()
        )

    def note(self) -> str:
        """What a reader of the judgment must know about the way of the requests."""
        lost = sum(proxy.lost_writes() for proxy in self._proxies.values())
        end = f"; {format_count(lost)} writes of it failed" if lost else ""
        return f"captured by an Envoy before each of {', '.join(sorted(self._proxies))}{end}"

    def stop(self) -> None:
        """End the proxies; safe to call twice."""
        with self._lock:
            for proxy in self._proxies.values():
                proxy.stop()

    def _stand_before(self, outlet: Outlet) -> None:
        by_workload: dict[str, list[Inlet]] = {}
        for endpoint in outlet.endpoints:
            workload = self._workload(outlet.host, endpoint)
            self._replicas[endpoint.address] = _Replica(outlet.host, endpoint, workload)
            if endpoint.address not in self._inlets:
                self._inlets[endpoint.address] = Inlet(_beside(endpoint.address), endpoint.address)
            by_workload.setdefault(workload, []).append(self._inlets[endpoint.address])
        for workload, inlets in by_workload.items():
            proxy = self._proxies.get(workload)
            if proxy is not None:
                # One whose replica is not ready for a moment stays: requests on their way end there.
                proxy.change(tuple(dict.fromkeys((*proxy.inlets, *inlets))))
                continue
            folder = self._folder / workload.replace("/", "_")
            proxy = CaptureProxy(workload, inlets, self.scope, folder=folder, cores=self._cores)
            self._proxies[workload] = proxy
            self._tails[workload] = proxy.tail()

    def _workload(self, host: Host, endpoint: Endpoint) -> str:
        service = self._running.topology.service(f"{host.namespace}/{host.name}")
        for workload in self._running.topology.behind(service):
            if dict(workload.labels) == dict(endpoint.labels):
                return f"{workload.namespace}/{workload.name}"
        return f"{host.namespace}/{host.name}"

    def _selected(self, policies: Sequence[Policy], destinations: Sequence[Destination]) -> frozenset[str]:
        found = set()
        for destination in destinations:
            for rules in policies:
                labels = labels_of(rules, destination)
                for address, replica in self._replicas.items():
                    if replica.host == destination.host and labels.items() <= replica.endpoint.labels.items():
                        found.add(str(address))
        return frozenset(found)

    def _origins(self, sides: Sides) -> Mapping[str, Origin]:
        names = {one.address: one.name for one in self._running.replicas()}
        ruling = self._begun[0].of(self.service)
        origins = {}
        for address, one in self._replicas.items():
            subsets = [entry.name for entry in ruling.subsets if entry.labels.items() <= one.endpoint.labels.items()]
            origins[str(address)] = Origin(
                service=f"{one.host.namespace}/{one.host.name}",
                subset=subsets[0] if subsets else "",
                side=sides.side(str(address)),
                workload=one.workload,
                replica=names.get(address.ip, str(address)),
            )
        return origins

    def _await_captures(self, wanted: set[str]) -> tuple[Captured, ...]:
        """Return what was captured of the requests ``wanted``; wait a moment for what is still on its way."""
        deadline = time.monotonic() + _PATIENCE_S
        last_news = time.monotonic()
        while True:
            news = [line for tail in self._tails.values() for line in tail.lines()]
            self._lines += news
            now = time.monotonic()
            last_news = now if news else last_news
            if now > deadline or now - last_news > _QUIET_S:
                seen = [one for one in captured(self._lines) if one.request_id in wanted]
                if now > deadline or all(one.ended for one in seen):
                    return tuple(seen)
            time.sleep(_LOOK_S)

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


def _beside(replica: Address) -> Address:
    """Return a free port at the address of ``replica``.

    Raises:
        EnvironmentFault: this machine has no such address.
    """
    try:
        with socket.socket() as probe:
            probe.bind((replica.ip, 0))
            return Address(replica.ip, int(probe.getsockname()[1]))
    except OSError as error:
        raise EnvironmentFault(
            f"nothing can stand before the replica at {replica}: {error.strerror}",
            where="stack.capture",
            mend="capture on a platform whose replicas have loopback addresses of this machine",
        ) from error

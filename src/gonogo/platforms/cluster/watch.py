"""Looking at a running stack: one thread asks the API server and the kubelets, everybody else reads what it saw."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gonogo.errors import EnvironmentFault
from gonogo.manifests.topology import Workload
from gonogo.platforms.cluster import lifetime
from gonogo.platforms.cluster.api import Api, Json, Refused, Unreachable
from gonogo.platforms.cluster.diary import Diary
from gonogo.platforms.cluster.jobs import JobBook
from gonogo.platforms.cluster.logbook import Logbook
from gonogo.platforms.cluster.pods import EventView, PodView, read_event, read_pod
from gonogo.platforms.cluster.roster import Key, Roster, Seat
from gonogo.platforms.cluster.usage import Kubelets, Meter
from gonogo.platforms.process.addresses import replica_name

__all__ = ["Watch"]

_LOOK_S: Final = 0.5
_FRESH_S: Final = 0.25
_EVENTS_S: Final = 2.0
_USAGE_S: Final = 1.0
_LOGS_S: Final = 5.0
_NODES_S: Final = 5.0
_RENEW_S: Final = 60.0
_GAP_S: Final = 5.0
"""An API server that is silent for longer is told as a problem."""


class Watch:
    """What is known of a stack in the cluster. Its thread is joined by :meth:`close`.

    Args:
        api: where to ask.
        spaces: declared namespace to the one in the cluster.
        workloads: whose replicas to know.
        workdir: gets ``logs/``, ``events.log`` and ``replicas.csv``.
        jobs: look at Jobs as well.
    """

    def __init__(
        self, api: Api, spaces: Mapping[str, str], workloads: Sequence[Workload], workdir: Path, *, jobs: bool = False
    ) -> None:
        self._api = api
        self._spaces = spaces
        self._workloads = {(spaces[each.namespace], each.kind, each.name): each for each in workloads}
        self.roster = Roster((key, each.replicas) for key, each in self._workloads.items())
        self.meter = Meter()
        self.kubelets = Kubelets(api)
        self.logbook = Logbook(api, workdir / "logs")
        self.jobs = JobBook(api, spaces, self.logbook) if jobs else None
        self._diary = Diary(workdir)
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gonogo-cluster-watch", daemon=True)
        self._due: dict[str, float] = {}
        self._looked = float("-inf")
        self._pods: tuple[PodView, ...] = ()
        self._events: dict[str, EventView] = {}
        self._refusals: dict[Key, str] = {}
        self._generations: dict[Key, int] = {}
        self._asked: set[str] = set()
        self._restarts: dict[str, int] = {}
        self._problems: dict[str, None] = {}
        self._faults: list[str] = []
        self._up = False
        self._silent_since: float | None = None

    def begin(self) -> None:
        """Start the thread."""
        self._thread.start()

    def came_up(self) -> None:
        """From now on, what goes wrong is a problem."""
        with self._lock:
            self._restarts = {pod.uid: pod.restarts for pod in self._pods}
            self._up = True

    def close(self) -> None:
        """Look once more at logs and usage, and end."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()
        with self._lock, suppress(EnvironmentFault):
            self._look(patient=False)
            self._read_events()
            self._diary.events(self._events.values())
            self.copy_logs()

    def fresh(self) -> None:
        """See to it that what is known is at most a quarter of a second old, where the API server answers."""
        if self._ending.is_set() or time.monotonic() - self._looked < _FRESH_S:
            return
        with self._lock, suppress(EnvironmentFault):
            if time.monotonic() - self._looked >= _FRESH_S:
                self._look(patient=False)

    def look(self) -> None:
        """Ask now, with patience, events included.

        Raises:
            EnvironmentFault: the API server does not answer.
        """
        with self._lock:
            self._look(patient=True)
            self._read_events()

    def seats(self, workload: Workload) -> tuple[Seat, ...]:
        """The replicas of ``workload``, by ordinal."""
        with self._lock:
            return tuple(self.roster.seats(self.key(workload)))

    def key(self, workload: Workload) -> Key:
        """How the roster knows ``workload``."""
        return self._spaces[workload.namespace], workload.kind, workload.name

    def events(self) -> tuple[EventView, ...]:
        """Events seen so far."""
        with self._lock:
            return tuple(self._events.values())

    def refusal(self, workload: Workload) -> str:
        """Why no Pods are made for ``workload``; empty: nothing is known."""
        return self._refusals.get(self.key(workload), "")

    def nodes(self) -> tuple[str, ...]:
        """Nodes on which Pods of the stack run."""
        return tuple(sorted({pod.node for pod in self._pods if pod.node}))

    def measure(self) -> None:
        """Read what every container uses, now."""
        uses = self.kubelets.uses(self.nodes())
        with self._lock:
            self.meter.add(uses)

    def ask_for(self, pods: Collection[str]) -> None:
        """Expect the Pods with these uids to go: it is no problem."""
        with self._lock:
            self._asked |= set(pods)

    def problems(self) -> tuple[str, ...]:
        """What went wrong without being asked for."""
        with self._lock:
            return tuple(self._problems)

    def faults(self) -> tuple[str, ...]:
        """Which of it is the cluster's fault, since :meth:`forget_faults`."""
        with self._lock:
            return tuple(self._faults)

    def forget_faults(self) -> None:
        """Begin anew with the cluster's faults."""
        with self._lock:
            self._faults.clear()

    def copy_logs(self) -> None:
        """Copy what the containers wrote since the last time."""
        for workload in self._workloads.values():
            for ordinal, seat in enumerate(self.seats(workload)):
                if seat.pod is not None:
                    self.logbook.copy(replica_name(workload, ordinal), seat.pod)
        if self.jobs is not None:
            self.jobs.copy_logs()

    def _run(self) -> None:
        while not self._ending.wait(_LOOK_S):
            try:
                with self._lock:
                    self._look(patient=False)
                    self._occasionally()
            except Unreachable as fault:
                if self._silent_since is None:
                    self._silent_since = time.monotonic()
                elif time.monotonic() - self._silent_since > _GAP_S:
                    self._problem(f"for a time {fault.what}: what happened meanwhile was not seen", fault=False)
            except EnvironmentFault as fault:
                self._problem(f"the stack could not be looked at: {fault}", fault=False)
            else:
                self._silent_since = None
            if self._is_due("usage", _USAGE_S):
                self.measure()
            if self._is_due("logs", _LOGS_S):
                self.copy_logs()

    def _is_due(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every_s
        return True

    def _occasionally(self) -> None:
        if self._is_due("events", _EVENTS_S):
            self._read_events()
            self._diary.events(self._events.values())
        if self._is_due("nodes", _NODES_S):
            self._look_at_nodes()
        if self._is_due("renew", _RENEW_S):
            for space in self._spaces.values():
                lifetime.renew(self._api, space, datetime.now(UTC))

    def _look(self, *, patient: bool) -> None:
        pods: list[PodView] = []
        for space in self._spaces.values():
            listed = self._api.get(f"/api/v1/namespaces/{space}/pods", patient=patient)
            pods += [read_pod(body) for body in listed.get("items") or ()]
            if self.jobs is not None:
                known = self._api.get(f"/apis/batch/v1/namespaces/{space}/jobs", patient=patient)
                self.jobs.update(space, known.get("items") or (), listed.get("items") or ())
            deployments = self._api.get(f"/apis/apps/v1/namespaces/{space}/deployments", patient=patient)
            for body in deployments.get("items") or ():
                self._look_at_deployment(space, body)
        before = {seat.pod.uid: name for name, seat in self._named() if seat.pod}
        left = self.roster.update(pods)
        self._pods = tuple(pods)
        self._looked = time.monotonic()
        if self._up:
            for pod in left:
                self._missed(before.get(pod.uid, pod.name), pod)
            for name, seat in self._named():
                if seat.pod is not None:
                    self._restarted(name, seat.pod)
        self._diary.replicas(
            (f"{each.namespace}/{each.name}", len(seats), sum(bool(s.pod and s.pod.ready) for s in seats))
            for key, each in self._workloads.items()
            for seats in (self.roster.seats(key),)
        )

    def _look_at_deployment(self, space: str, body: Json) -> None:
        key = (space, "Deployment", body["metadata"]["name"])
        if key not in self._workloads:
            return
        conditions = {each["type"]: each for each in (body.get("status") or {}).get("conditions") or ()}
        failure = conditions.get("ReplicaFailure", {})
        self._refusals[key] = failure.get("message", "") if failure.get("status") == "True" else ""
        generation = int(body["metadata"].get("generation", 0))
        if generation != self._generations.setdefault(key, generation):
            # Somebody changed the Deployment on purpose (a rollout, an autoscaler): Pods go without being missed.
            self._generations[key] = generation
            self._asked |= {seat.pod.uid for seat in self.roster.seats(key) if seat.pod}
        self.roster.resize(key, int(body["spec"].get("replicas", 1)))

    def _named(self) -> list[tuple[str, Seat]]:
        return [
            (replica_name(workload, ordinal), seat)
            for key, workload in self._workloads.items()
            for ordinal, seat in enumerate(self.roster.seats(key))
        ]

    def _missed(self, name: str, pod: PodView) -> None:
        if pod.uid in self._asked:
            return
        why = f" ({pod.why})" if pod.why else ""
        self._problem(f"{name}: the cluster took Pod {pod.name} away{why}", fault=True)

    def _restarted(self, name: str, pod: PodView) -> None:
        if pod.phase == "Failed" and pod.why and pod.uid not in self._asked:
            self._problem(f"{name}: Pod {pod.name} failed: {pod.why}", fault=pod.why.startswith("Evicted"))
        before = self._restarts.get(pod.uid, 0)
        if pod.restarts > before:
            self._restarts[pod.uid] = pod.restarts
            for container in pod.containers:
                if container.ended and not container.init:
                    self._problem(
                        f"{name}: container {container.name} ended {container.ended} (restart {container.restarts})",
                        fault=False,
                    )

    def _look_at_nodes(self) -> None:
        for space in self._spaces.values():
            with suppress(Refused):
                body = self._api.get(f"/api/v1/namespaces/{space}", patient=False)
                if body["metadata"].get("deletionTimestamp"):
                    self._problem(f"the namespace {space} is being deleted, and not by this session", fault=True)
        for node in self.nodes():
            with suppress(Refused):
                status = self._api.get(f"/api/v1/nodes/{node}", patient=False).get("status") or {}
                for condition in status.get("conditions") or ():
                    if condition["type"] == "Ready" and condition["status"] != "True":
                        self._problem(f"node {node} is not ready: {condition.get('message', '')}", fault=True)

    def _read_events(self) -> None:
        for space in self._spaces.values():
            with suppress(Refused):
                listed = self._api.get(f"/api/v1/namespaces/{space}/events", patient=False)
                for body in listed.get("items") or ():
                    event = read_event(body)
                    self._events[event.uid] = event

    def _problem(self, text: str, *, fault: bool) -> None:
        with self._lock:
            if fault and text not in self._faults and text not in self._problems:
                self._faults.append(text)
            if self._up:
                self._problems[text] = None

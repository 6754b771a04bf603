"""The captured Services of a stack: one way for their requests, one warehouse, and a view of each."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from gonogo.capture.record import Captured, Captures
from gonogo.capture.warehouse import FOLDER, store
from gonogo.errors import UsageError
from gonogo.gate.judgment import ReplicaUsage
from gonogo.measures.sides import SERVICE, service_of
from gonogo.mesh.sidecar import Outlet
from gonogo.runs.run import Run
from gonogo.suite.inlets import Inlets
from gonogo.suite.recorder import RunPlace
from gonogo.suite.traffic import REQUEST_ID
from gonogo.verdicts.criterion import Criterion

if TYPE_CHECKING:
    from gonogo.suite.parity import Capture

__all__ = ["CapturedServices"]

_PATIENCE_S: Final = 3.0
_LOG_PATIENCE_S: Final = 12.0
_QUIET_S: Final = 0.3
_LOOK_S: Final = 0.05

Names = npt.NDArray[np.object_]


class CapturedServices:
    """Leads requests for captured Services through what captures them, and joins the captures to each run.

    Args:
        inlets: what captures.
    """

    def __init__(self, inlets: Inlets) -> None:
        self.inlets = inlets
        self.lock = threading.RLock()
        self.judgment: Path | None = None
        self._captures: dict[str, Capture] = {}
        self._asked: tuple[str, ...] = ()

    def get(self, name: str) -> Capture | None:
        """Return the capture of the Service ``namespace/name``; None when it has none."""
        return self._captures.get(name)

    def add(self, capture: Capture) -> None:
        """Capture one more Service from now on."""
        with self.lock:
            self._captures[capture.name] = capture

    def remove(self, capture: Capture) -> None:
        """Capture it no more; what stands before its replicas stays."""
        with self.lock:
            self._captures.pop(capture.name, None)

    def __call__(self, outlets: tuple[Outlet, ...]) -> tuple[Outlet, ...]:
        """Return ``outlets`` with the addresses of proxies in place of the replicas' own.

        Raises:
            UsageError: two Services capture the same replicas in different ways.
            EnvironmentFault: a proxy does not start or does not take a replica.
        """
        with self.lock:
            captors = {host: capture.captor for capture in self._captures.values() for host in capture.hosts}
            for capture in self._captures.values():
                for host in capture.hosts:
                    if captors[host] != capture.captor:
                        raise UsageError(
                            f"{host} is captured already, in its own way",
                            where=f"capture of {capture.name}",
                            mend="capture Services that lead to the same one with the same options",
                        )
            return tuple(
                self.inlets.lead(outlet, captors[outlet.host]) if outlet.host in captors else outlet
                for outlet in outlets
            )

    def shares(self, capture: Capture) -> bool:
        """Whether replicas of ``capture`` answer for another captured Service, too."""
        others = [one for one in self._captures.values() if one is not capture]
        return any(capture.hosts & other.hosts for other in others)

    def check(self, criterion: Criterion, asked: Sequence[str]) -> None:
        """Refuse a criterion that does not say which of several Services it speaks of.

        Args:
            criterion: on captured answers.
            asked: the Service of each target, ``namespace/name``; empty where it has none.

        Raises:
            UsageError: it names none of several, or one that is not captured.
        """
        here = [name for name in self._captures if name in asked] or list(self._captures)
        service_of(criterion.measure, here)

    def begin(self, asked: Sequence[str]) -> None:
        """A run begins, whose targets ask the Services ``asked``."""
        with self.lock:
            self._asked = tuple(asked)
            self.inlets.begin()
            for capture in self._captures.values():
                capture.begin()

    def told(self, run: Run, place: RunPlace) -> Run:
        """Return ``run`` with both sides' answers as further columns, and keep them in the warehouse.

        Raises:
            UsageError: the warehouse cannot be written.
        """
        ids = run.columns.extracted.get(REQUEST_ID)
        if ids is None:
            return run
        services = self._services(run)
        wanted = {str(one) for one, name in zip(ids, services, strict=True) if one is not None and name is not None}
        seen = self._await_captures(wanted)
        unknown = np.full(len(ids), None, dtype=object)
        upstream = run.columns.extracted.get("sidecar_upstream", unknown)
        answered_by = [None if one is None else self.inlets.origin(str(one)) for one in upstream]
        further: dict[str, Names] = {SERVICE: services}
        labels = dict(run.facts.labels)
        for name, capture in self._captures.items():
            rows = np.array([one == name for one in services], dtype=np.bool_)
            for column, values in capture.told(run, rows, list(ids), answered_by, seen).items():
                further.setdefault(column, unknown.copy())[rows] = values
            labels |= capture.lacking()
        asked = {str(one): str(name) for one, name in zip(ids, services, strict=True) if name is not None}
        origins = {key: value for one in self._captures.values() for key, value in one.origins().items()}
        readings = {name: one.reading for name, one in self._captures.items()}
        self.judgment = place.folder.parent.parent
        store(self.judgment / FOLDER / f"{place.name}.parquet", place.name, seen, origins, readings, asked)
        for feed in self.inlets.feeds():
            feed.shorten()
        columns = replace(run.columns, extracted={**run.columns.extracted, **further})
        return replace(run, columns=columns, facts=replace(run.facts, labels=labels))

    def usage(self) -> tuple[ReplicaUsage, ...]:
        """What the proxies used since the run began."""
        with self.lock:
            return self.inlets.usage()

    def note(self) -> str:
        """What a reader of the judgment must know about the way of the requests."""
        with self.lock:
            return self.inlets.note()

    def stop(self) -> None:
        """End the proxies; safe to call twice."""
        with self.lock:
            self.inlets.stop()

    def _services(self, run: Run) -> Names:
        """Return the captured Service that each request asked; None where it asked another."""
        only = next(iter(self._captures)) if len(self._captures) == 1 else None
        noted = run.columns.extracted.get("sidecar_service", np.full(len(run.columns), None, dtype=object))
        found = np.full(len(run.columns), None, dtype=object)
        for row, target in enumerate(run.columns.target):
            asked = self._asked[target] if 0 <= target < len(self._asked) else ""
            # Of a request whose target tells no Service, the sidecar's record does.
            name = asked or (str(noted[row]) if str(noted[row]) in self._captures else only)
            found[row] = name if name in self._captures else None
        return found

    def _await_captures(self, wanted: set[str]) -> tuple[Captured, ...]:
        """Return what was captured of the requests ``wanted``; wait a moment for what is still on its way."""
        slow = any(capture.by_log for capture in self._captures.values())
        deadline = time.monotonic() + (_LOG_PATIENCE_S if slow else _PATIENCE_S)
        last_news = time.monotonic()
        found = Captures()
        while True:
            news = [one for feed in self.inlets.feeds() for one in feed.news() if one.request_id in wanted]
            found.take(news)
            now = time.monotonic()
            last_news = now if news else last_news
            if now > deadline or now - last_news > _QUIET_S:
                seen = found.since()
                # A log that is copied now and then is quiet in between.
                known = not slow or {one.request_id for one in seen} == wanted
                if now > deadline or (known and all(one.ended for one in seen)):
                    return seen
            time.sleep(_LOOK_S)

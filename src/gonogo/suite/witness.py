"""What the client's sidecar saw of one load: further columns of the run, its usage, and notes for the judgment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.gate.judgment import ReplicaUsage
from gonogo.load.target import Target
from gonogo.load.template import Place, split
from gonogo.measures.acting import split_labels
from gonogo.runs.run import Columns, Run, RunFacts
from gonogo.suite.autoscaling import Scaled
from gonogo.suite.faults import Fault
from gonogo.suite.stack import Stack
from gonogo.suite.traffic import REQUEST_ID, TrafficChange
from gonogo.units import format_share

__all__ = ["HEADER_COLUMN", "Witness"]

HEADER_COLUMN: Final = "header."
"""What the column of a request's header is called: ``header.target``."""

_COMMON: Final = frozenset({"accept", "content-type", "host", "user-agent", "x-request-id"})


class Witness:
    """Watches the sidecar from the beginning of a load to its end.

    Args:
        stack: under load; None where gonogo started none.
        targets: what is sent.
    """

    def __init__(self, stack: Stack | None, targets: Sequence[Target]) -> None:
        self._targets = targets
        self._traffic = stack.sidecar if stack is not None else None
        self._stack = stack
        self._scaling = stack.scaling if stack is not None else None
        self._scaled = len(self._scaling.events) if self._scaling is not None else 0
        self._joined = ""
        self._run: Run | None = None
        if self._traffic is not None:
            self._traffic.reset_peak()
            self._before = self._traffic.sample()
            self._in_force = self._traffic.changes

    def told(self, run: Run) -> Run:
        """Return ``run`` with what the sidecar recorded of its requests; unchanged where they went past it.

        The columns are ``sidecar_flags``, ``sidecar_service``, ``sidecar_subset`` and ``sidecar_upstream``; a request
        without a record has None.
        """
        self._run = run
        ids = run.columns.extracted.get(REQUEST_ID)
        if self._traffic is None or ids is None:
            return run
        if not self._traffic.recorded:
            known = {**run.columns.extracted, **_headers(run.columns, self._targets)}
            return replace(run, columns=replace(run.columns, extracted=known), facts=self._facts(run))
        # A request of which something was sent and that nothing but the service's side ended has passed the sidecar.
        sent = np.isfinite(run.columns.sent_s) & np.array([name is not None for name in ids], dtype=np.bool_)
        joined = self._traffic.log.join(ids, sent)
        if joined.missing:
            share = 1 - joined.missing / max(1, int(np.count_nonzero(sent)))
            self._joined = f"the sidecar recorded {format_share(share)} of the requests that were sent"
        further = {
            "sidecar_flags": joined.flags,
            "sidecar_service": joined.service,
            "sidecar_subset": joined.subset,
            "sidecar_upstream": joined.upstream,
            **_headers(run.columns, self._targets),
        }
        columns = replace(run.columns, extracted={**run.columns.extracted, **further})
        return replace(run, columns=columns, facts=self._facts(run))

    def _facts(self, run: Run) -> RunFacts:
        """The facts of ``run``, with the weights by which it was split."""
        assert self._traffic is not None  # noqa: S101 - asked only where rules act
        during = [change for change in self._traffic.changes if change not in self._in_force]
        labels = split_labels(self._traffic.policy, [change.what for change in during])
        return replace(run.facts, labels={**run.facts.labels, **labels})

    def usage(self) -> tuple[ReplicaUsage, ...]:
        """What the sidecar used since this witness was made."""
        if self._traffic is None:
            return ()
        now = self._traffic.sample()
        if now is None or self._before is None:
            return ()
        return (ReplicaUsage(now.replica, cpu_s=now.cpu_s - self._before.cpu_s, rss_max=now.rss_max),)

    @property
    def notes(self) -> tuple[str, ...]:
        """By which way requests went, by which rules when not those of the manifests alone, and what was hurt."""
        faults = self._stack.faults if self._stack is not None else ()
        return (
            *self._passage,
            *(f"{self._when(each)}: {each}" for each in self._steps),
            *(f"{self._when(each)}: {each}" for each in faults),
        )

    @property
    def _steps(self) -> tuple[Scaled, ...]:
        """What the autoscalers changed meanwhile."""
        return self._scaling.events[self._scaled :] if self._scaling is not None else ()

    @property
    def _passage(self) -> tuple[str, ...]:
        if self._traffic is None or self._run is None:
            return ()
        if REQUEST_ID not in self._run.columns.extracted:
            return ("past the client's sidecar: its traffic rules did not act",)
        during = [change for change in self._traffic.changes if change not in self._in_force]
        return tuple(
            filter(
                None,
                (
                    self._traffic.note,
                    self._joined,
                    *(f"beside the manifests' rules: {change}" for change in self._in_force),
                    *(f"{self._when(change)}: {change}" for change in during),
                ),
            )
        )

    def _when(self, change: TrafficChange | Scaled | Fault) -> str:
        started = self._run.facts.started_at if self._run else ""
        if not started:
            return f"at {change.wall}"
        seconds = (datetime.fromisoformat(change.wall) - datetime.fromisoformat(started)).total_seconds()
        return f"{seconds:.2f} s into the run" if seconds >= 0 else "before the run's start"


def _headers(columns: Columns, targets: Sequence[Target]) -> dict[str, npt.NDArray[np.object_]]:
    """Return a column for each header that targets set for themselves, by which contracts on routing are judged."""
    sent = [
        {name.lower(): value for name, value in target.headers if name.lower() not in _COMMON} for target in targets
    ]
    found = {}
    for name in dict.fromkeys(name for headers in sent for name in headers):
        values = np.array([_constant(headers.get(name)) for headers in sent], dtype=object)
        constant = values[columns.target]
        filled = columns.extracted.get(HEADER_COLUMN + name)
        found[HEADER_COLUMN + name] = constant if filled is None else np.where(filled == None, constant, filled)  # noqa: E711 - of each element
    return found


def _constant(value: str | None) -> str | None:
    # What each request fills anew is known only where the target extracts it under the column's name.
    return None if value is not None and any(isinstance(part, Place) for part in split(value)) else value

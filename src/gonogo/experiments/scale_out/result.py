"""What was seen of a scale-out: rejections over time, and when which number of replicas was decided on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gonogo.gate.experiment import Curve, ExperimentEntry, Step
from gonogo.gate.figure import figure
from gonogo.runs.run import Columns
from gonogo.suite.autoscaling import Scaled
from gonogo.suite.run import JudgedRun

__all__ = ["FLAGS", "ScaleOutResult", "rejected_by_second"]

FLAGS: Final = "sidecar_flags"
_OVERFLOW: Final = "UO"
_PART: Final = 5
"""The beginning and the end of a run are a fifth of it each."""


@dataclass(frozen=True, slots=True)
class ScaleOutResult:
    """A load under which a service was scaled.

    Attributes:
        run: the load, judged.
        service: ``namespace/name``.
        events: what the autoscalers decided during the load, with seconds from the run's start.
        replicas: ready behind the service before and after.
        shares: of the requests due in each second, the share that the breaker turned away: second and share.
        untested: why nothing can be said about scaling, as a clause; empty when the autoscalers acted.
    """

    run: JudgedRun
    service: str
    events: tuple[tuple[float, Scaled], ...]
    replicas: tuple[int, int]
    shares: tuple[tuple[float, float], ...]
    untested: str = ""

    @property
    def first(self) -> float:
        """Share of rejections in the first fifth of the load."""
        return _mean(self.shares[: self._part])

    @property
    def last(self) -> float:
        """Share of rejections in the last fifth of the load."""
        return _mean(self.shares[-self._part :])

    @property
    def _part(self) -> int:
        return max(1, len(self.shares) // _PART)

    @property
    def conclusion(self) -> str:
        """The result in one sentence."""
        before, after = self.replicas
        if self.untested:
            return f"scaling out was not tested: {self.untested}"
        return (
            f"{self.service} went from {before} to {after} ready replicas, and rejections from"
            f" {figure(self.first, 'share')} to {figure(self.last, 'share')}"
        )

    def entry(self, test: str) -> ExperimentEntry:
        """Return what the judgment shows."""
        curve = Curve(
            title="Requests that the breaker turned away",
            x="seconds from the start",
            y="share of the requests due",
            x_unit="s",
            y_unit="share",
            points=self.shares,
            marks=tuple((at_s, f"{event.after} replicas") for at_s, event in self.events),
        )
        steps = tuple(
            Step(max(at_s, 0.0), f"{event.workload}: {event.before} to {event.after} replicas", reason=event.reason)
            for at_s, event in self.events
        )
        return ExperimentEntry(f"{self.run.name}: scale-out", test, "scale-out", self.conclusion, steps, (curve,))


def rejected_by_second(columns: Columns) -> tuple[tuple[float, float], ...]:
    """Return the share of the requests due in each second that the breaker turned away.

    Args:
        columns: with the sidecar's flags; a request of which the sidecar has no record was not turned away.
    """
    flags = columns.extracted[FLAGS]
    rejected = np.array([flag is not None and _OVERFLOW in str(flag).split(",") for flag in flags], dtype=np.float64)
    second = np.floor(columns.due_s).astype(np.int64)
    if not len(second):
        return ()
    due, turned = np.bincount(second), np.bincount(second, weights=rejected)
    return tuple((float(at), float(turned[at] / due[at])) for at in range(len(due)) if due[at])


def _mean(points: Sequence[tuple[float, float]]) -> float:
    return sum(share for _, share in points) / len(points) if points else float("nan")

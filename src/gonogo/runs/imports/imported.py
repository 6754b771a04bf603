"""What was read from another tool's file: a run, or only a summary, and what cannot be judged by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gonogo.errors import MeasurementError
from gonogo.runs.run import Run

__all__ = ["Imported", "Summary"]


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures that a tool gives in place of single requests.

    Attributes:
        requests: how many requests they are about.
        figures: by measure as criteria write it (``p99``, ``success``, ``status[503]``), in its unit.
    """

    requests: int
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Imported:
    """A load that another tool drove.

    Attributes:
        tool: its name.
        run: every request; None where the file holds a summary only.
        summary: the figures of the file; None where it holds every request.
        no_due_times: why its latencies may be too small, as a clause; empty where they count from the due time.
        resolution_s: latencies are rounded to multiples of this; 0 where they are as exact as clocks are.
        refused: measures that the file cannot tell, with the reason as a clause: a name such as ``success`` or
            ``mean``, or a population such as ``lag``.
        notes: what whoever judges by it must know, one sentence each.
    """

    tool: str
    run: Run | None = None
    summary: Summary | None = None
    no_due_times: str = ""
    resolution_s: float = 0.0
    refused: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.run is None) == (self.summary is None):
            raise MeasurementError("an imported load is either a run or a summary", where=self.tool)

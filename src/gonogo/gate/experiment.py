"""An experiment in the judgment: load plus actions, such as a search for capacity or a rollout."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.errors import UsageError
from gonogo.verdicts.verdict import Outcome

__all__ = ["Attachment", "Curve", "ExperimentEntry", "Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what was done, what came of it.

    Attributes:
        at_s: when it began, seconds from the experiment's start.
        what: such as ``300/s`` or ``weights svc 95, rf 5``.
        figures: what was seen, as labels and texts.
        outcome: of its criteria; None for a step that was not judged.
        reason: why it was taken, or what it showed.
        run: name of the run that it measured; empty when there was none.
    """

    at_s: float
    what: str
    figures: tuple[tuple[str, str], ...] = ()
    outcome: Outcome | None = None
    reason: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """A quantity against another, such as latency against throughput.

    Attributes:
        title: what it is.
        x, y: names of the axes.
        x_unit, y_unit: ``s``, ``share``, ``/s`` or ``count``.
        points: in order of x.
        limit: a limit on y; None without one.
        marks: values on the horizontal axis with their names, such as the capacity.
    """

    title: str
    x: str
    y: str
    x_unit: str
    y_unit: str
    points: tuple[tuple[float, float], ...]
    limit: float | None = None
    marks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text to take away, such as a manifest ready to paste."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ExperimentEntry:
    """One experiment.

    Attributes:
        name: unique in the judgment.
        test: node id of the test that made it.
        kind: ``capacity``, ``rollout``, ``shadow``, ``scale-out`` …
        conclusion: one sentence.
    """

    name: str
    test: str
    kind: str
    conclusion: str
    steps: tuple[Step, ...] = ()
    curves: tuple[Curve, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    def __post_init__(self) -> None:
        if not (self.name and self.conclusion):
            raise UsageError("an experiment without a name or a conclusion", mend="say what came of it")

"""The experiments of a judgment as JSON: models of what :mod:`gonogo.gate.experiment` holds, there and back."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from gonogo.gate.experiment import Attachment, Curve, ExperimentEntry, Step
from gonogo.verdicts.verdict import Outcome

__all__ = ["Experiment", "experiment_of"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


class ExperimentStep(_Model):
    """What was done, and what came of it."""

    at_s: float
    """Seconds from the experiment's start."""
    what: str
    figures: tuple[tuple[str, str], ...] = ()
    """Labels and texts."""
    outcome: Outcome | None = None
    """null for a step that was not judged."""
    reason: str = ""
    run: str = ""
    """Name of the run that it measured; empty when there was none."""


class ExperimentCurve(_Model):
    """A quantity against another."""

    title: str
    x: str
    y: str
    x_unit: str
    y_unit: str
    points: tuple[tuple[float, float], ...]
    limit: float | None = None
    """A limit on y."""
    marks: tuple[tuple[float, str], ...] = ()
    """Values of x with their names."""


class ExperimentAttachment(_Model):
    """A text to take away, such as a manifest."""

    title: str
    text: str


class Experiment(_Model):
    """Load plus actions: a search for capacity, a rollout, a shadow that is watched."""

    name: str
    test: str
    kind: str
    conclusion: str
    """One sentence."""
    steps: tuple[ExperimentStep, ...] = ()
    curves: tuple[ExperimentCurve, ...] = ()
    attachments: tuple[ExperimentAttachment, ...] = ()


def experiment_of(model: Experiment) -> ExperimentEntry:
    """Return the experiment that a model holds."""
    return ExperimentEntry(
        name=model.name,
        test=model.test,
        kind=model.kind,
        conclusion=model.conclusion,
        steps=tuple(Step(**dict(step)) for step in model.steps),
        curves=tuple(Curve(**dict(curve)) for curve in model.curves),
        attachments=tuple(Attachment(**dict(each)) for each in model.attachments),
    )

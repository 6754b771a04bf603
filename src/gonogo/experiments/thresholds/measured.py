"""Thresholds as a suite measures them: the services of its stack are asked about labelled rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from gonogo.experiments.thresholds.labelled import asked, asking
from gonogo.experiments.thresholds.pasted import settings_text
from gonogo.experiments.thresholds.sweep import Sweep, sweep
from gonogo.manifests.tuned import Tuning
from gonogo.suite.models import told_model
from gonogo.suite.service import ServiceHandle

__all__ = ["Thresholds", "measure_thresholds"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What was measured: a sweep for each class, and the models that it was measured on.

    Attributes:
        tunings: the Service and its model, by class, as far as it says which one it serves.
    """

    sweeps: tuple[Sweep, ...]
    tunings: Mapping[str, Tuning]

    def __getitem__(self, name: str) -> Sweep:
        """Return the sweep of a class."""
        return next(one for one in self.sweeps if one.name == name)

    def settings(self, origin: str = "labelled data") -> str:
        """Return the recommended thresholds as settings to paste."""
        return settings_text(self.sweeps, self.tunings, origin=origin)


def measure_thresholds(
    services: Mapping[str, ServiceHandle],
    data: object,
    *,
    truth: str,
    precision: float,
    confidence: float = 0.95,
    features: Sequence[str] = (),
    answer: str = "$.prediction[0]",
    path: str = "/predict",
) -> Thresholds:
    """Ask each class's service about every row and sweep the thresholds of its answers.

    Args:
        services: ``{"setosa": stack["iris-setosa"]}``.
        data: labelled rows, or the path of a .csv or .jsonl file.
        truth: column with the class.
        precision: that is wanted, above 0 and below 1.
        confidence: one-sided.
        features: columns to send, in order; all but the truth by default.
        answer: path of the score in the answer.
        path: what is posted to.

    Raises:
        UsageError: a column or a figure cannot be used.
        StackError: a service gives no score.
    """
    with ExitStack() as open_:
        clients = {name: open_.enter_context(handle.client()) for name, handle in services.items()}
        asks = {name: asking(client, path) for name, client in clients.items()}
        scored = asked(data, truth, asks, features=features, answer=answer)
        tunings = {}
        for name, client in clients.items():
            model = told_model(client, "/metadata")
            if model is not None:
                service = services[name].service
                tunings[name] = Tuning(f"{service.namespace}/{service.name}", model.sha256)
    return Thresholds(tuple(sweep(one, precision=precision, confidence=confidence) for one in scored), tunings)

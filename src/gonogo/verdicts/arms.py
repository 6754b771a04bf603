"""Arms: the models that share a run's requests, as the brackets of a measure name them.

::

    split[mode]                                     shares by the column mode, of requests
    split[mode by user]                             of users; each is counted once
    split[mode: iris_svc.onnx 60, iris_rf.onnx 40]  against these weights
    success.difference[mode: iris_rf.onnx vs iris_svc.onnx]
    outcome.difference[click in mode by user: iris_rf.onnx vs iris_svc.onnx]
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from gonogo.errors import GrammarError

__all__ = ["COLUMN", "USER", "Arms", "ArmsKind", "read_arms"]

ArmsKind = Literal["split", "moves", "pair", "outcome"]

COLUMN: Final = "mode"
"""The column of an outcome's model when the brackets name none."""

USER: Final = "user"
"""The column of an outcome's user when the brackets name none."""

_HEAD: Final = re.compile(r"(?:(?P<event>[^\s:]+)\s+in\s+)?(?P<column>[^\s:]+)(?:\s+by\s+(?P<user>[^\s:]+))?")
_WEIGHT: Final = re.compile(r"(?P<label>\S(?:.*\S)?)\s+(?P<weight>[0-9]+(?:\.[0-9]+)?)\s*%?")
_FORMS: Final[Mapping[ArmsKind, str]] = {
    "split": "write as in split[mode], split[mode by user] or split[mode: iris_svc.onnx 60, iris_rf.onnx 40]",
    "moves": "write as in moves[mode by user]",
    "pair": "write as in success.difference[mode: iris_rf.onnx vs iris_svc.onnx], the candidate first",
    "outcome": "write as in outcome.difference[click: iris_rf.onnx vs iris_svc.onnx], the candidate first",
}


@dataclass(frozen=True, slots=True)
class Arms:
    """What the brackets say.

    Attributes:
        column: of the run, whose values tell the models apart.
        user: column that tells users apart; empty where requests are counted.
        weights: declared weight of each value of ``column``, in order; empty where the acting policy declares them.
        candidate, current: values of ``column`` that are compared; empty where the run's own labels say them.
        event: kind of outcome event; empty for other measures.
    """

    column: str
    user: str = ""
    weights: tuple[tuple[str, float], ...] = ()
    candidate: str = ""
    current: str = ""
    event: str = ""

    def __post_init__(self) -> None:
        labels = [label for label, _ in self.weights]
        if len(set(labels)) < len(labels):
            raise GrammarError(f"a model has two weights: {', '.join(labels)}", mend="give each one weight")
        if self.weights and (len(labels) < 2 or not sum(weight for _, weight in self.weights) > 0):  # noqa: PLR2004
            raise GrammarError("weights of fewer than two models", mend=_FORMS["split"])
        if any(not (math.isfinite(weight) and weight >= 0) for _, weight in self.weights):
            raise GrammarError("a weight is below 0", mend="give weights of 0 or more")
        if bool(self.candidate) != bool(self.current) or (self.candidate and self.candidate == self.current):
            raise GrammarError("a comparison needs two models", mend=_FORMS["pair"])

    @property
    def shares(self) -> dict[str, float]:
        """Declared shares, which add up to 1."""
        total = sum(weight for _, weight in self.weights)
        return {label: weight / total for label, weight in self.weights}

    def __str__(self) -> str:
        head = f"{self.event} in {self.column}" if self.event else self.column
        head += f" by {self.user}" if self.user else ""
        if self.weights:
            return f"{head}: {', '.join(f'{label} {weight:g}' for label, weight in self.weights)}"
        return f"{head}: {self.candidate} vs {self.current}" if self.candidate else head


def read_arms(text: str, kind: ArmsKind) -> Arms:
    """Return what the brackets ``text`` of a measure say.

    Raises:
        GrammarError: they cannot be read, or leave out what the measure needs.
    """
    head, colon, tail = text.partition(":")
    named = _HEAD.fullmatch(head.strip())
    if named is None or bool(colon) != bool(tail.strip()):
        raise GrammarError(f"{text!r} names no models", mend=_FORMS[kind])
    event, column, user = named["event"] or "", named["column"], named["user"] or ""
    if kind == "outcome":
        # 'click' alone is the event: the column is the usual one.
        event, column, user = event or column, column if event else COLUMN, user or USER
    elif event:
        raise GrammarError(f"{text!r} names an event", mend=_FORMS[kind])
    if kind == "moves" and (not user or colon):
        raise GrammarError(f"{text!r} does not tell who moves", mend=_FORMS[kind])
    if kind in ("split", "moves"):
        return Arms(column, user, weights=_weights(tail, text) if colon else ())
    candidate, versus, current = tail.partition(" vs ")
    if colon and not versus:
        raise GrammarError(f"{tail.strip()!r} is no pair of models", mend=_FORMS[kind])
    return Arms(column, user, candidate=candidate.strip(), current=current.strip(), event=event)


def _weights(tail: str, text: str) -> tuple[tuple[str, float], ...]:
    found = []
    for part in tail.split(","):
        weighed = _WEIGHT.fullmatch(part.strip())
        if weighed is None:
            raise GrammarError(f"{part.strip()!r} in {text!r} is no model with its weight", mend=_FORMS["split"])
        found.append((weighed["label"], float(weighed["weight"])))
    return tuple(found)

"""Reading bodies: where the input, the scores and the label of a prediction stand in JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gonogo.errors import UsageError

__all__ = ["Prediction", "Reading"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one answer says.

    Attributes:
        labels: one for each row.
        scores: of the classes, in order, one tuple for each row; empty where answers have no scores.
    """

    labels: tuple[str, ...]
    scores: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Where things stand in requests and answers.

    Attributes:
        answer: path of the prediction in the answer's JSON: names, and numbers for places of lists, between dots;
            empty for the whole answer.
        input: path of the rows in the request's JSON, likewise.
        model: path of the model's name in the answer's JSON, where answers have it.
        labels: names of the classes, in the order of the scores; without them classes are called by their number.
        columns: names of the values of a row, in order; without them slices are not searched.
    """

    answer: str = "prediction"
    input: str = "data"
    model: str = "mode"
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for names in (self.labels, self.columns):
            if len(set(names)) < len(names) or not all(names):
                raise UsageError(f"{names!r} are no names", where="capture", mend="give each its own name, in a list")
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "columns", tuple(self.columns))

    def prediction(self, body: bytes) -> Prediction | None:
        """Return what the answer ``body`` predicts; None when it cannot be read."""
        try:
            found = _at(json.loads(body), self.answer)
        except (ValueError, LookupError, TypeError):
            return None
        if not isinstance(found, list):
            return Prediction((_text(found),))
        if not found:
            return None
        if _numbers(found):
            # A list of numbers is one row of scores.
            found = [found]
        if all(_numbers(row) and row for row in found):
            scores = tuple(tuple(float(score) for score in row) for row in found)
            return Prediction(tuple(self._label(row) for row in scores), scores)
        return Prediction(tuple(map(_text, found)))

    def model_of(self, body: bytes) -> str:
        """Return the model that the answer ``body`` names; empty when it names none."""
        try:
            found = _at(json.loads(body), self.model) if self.model else None
        except (ValueError, LookupError, TypeError):
            return ""
        return found if isinstance(found, str) else ""

    def row(self, body: bytes) -> Mapping[str, object]:
        """Return the first row of the request ``body`` by column; empty when it cannot be read or has another width."""
        if not self.columns:
            return {}
        try:
            found = _at(json.loads(body), self.input)
        except (ValueError, LookupError, TypeError):
            return {}
        if isinstance(found, list) and found and isinstance(found[0], list | dict):
            found = found[0]
        if isinstance(found, dict):
            return {name: found[name] for name in self.columns if name in found}
        if not isinstance(found, list) or len(found) != len(self.columns):
            return {}
        return dict(zip(self.columns, found, strict=True))

    def _label(self, scores: Sequence[float]) -> str:
        best = max(range(len(scores)), key=scores.__getitem__)
        return self.labels[best] if best < len(self.labels) else str(best)


def _at(value: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    for step in path.split(".") if path else ():
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _numbers(row: object) -> bool:
    return isinstance(row, list) and all(
        isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for one in row
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)

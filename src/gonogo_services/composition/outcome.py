"""What became of one service in one request: a prediction or a failure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import pydantic_core

__all__ = ["Failure", "FailureKind", "Outcome", "Prediction", "read_prediction"]

_SUM_TOLERANCE = 1e-3
_OK = 200


@dataclass(frozen=True, slots=True)
class Prediction:
    """The probability of the class, and that of the rest."""

    probability: float
    rest: float


class FailureKind(StrEnum):
    """Why there is no prediction."""

    CONNECT = "connect"
    """No connection could be made."""
    RESET = "reset"
    """The connection broke before the answer was whole."""
    TIMEOUT = "timeout"
    """An attempt took longer than the service's timeout."""
    DEADLINE = "deadline"
    """The time for the whole request was over."""
    STATUS = "status"
    """The status was not 200."""
    GARBAGE = "garbage"
    """The answer was not HTTP, or not two probabilities."""


@dataclass(frozen=True, slots=True)
class Failure:
    """No prediction, and why.

    Attributes:
        detail: one line for people.
    """

    kind: FailureKind
    detail: str

    @property
    def worth_a_retry(self) -> bool:
        """Whether another attempt may go better: not when the service refuses the request itself."""
        return not (self.kind is FailureKind.STATUS and self.detail.startswith("status 4"))


Outcome = Prediction | Failure


def read_prediction(status: int, body: bytes) -> Outcome:
    """Return what an answer says: ``{"prediction": [p, 1-p]}`` under status 200 is a prediction."""
    if status != _OK:
        return Failure(FailureKind.STATUS, f"status {status}")
    try:
        content = pydantic_core.from_json(body, allow_inf_nan=False)
        probability, rest = map(_probability, content["prediction"])
    except (ValueError, TypeError, KeyError):
        return Failure(FailureKind.GARBAGE, "its answer is not two probabilities")
    if abs(probability + rest - 1) > _SUM_TOLERANCE:
        return Failure(FailureKind.GARBAGE, "its two probabilities do not add up to 1")
    return Prediction(probability, rest)


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= 1:
        raise ValueError("no probability")
    return float(value)

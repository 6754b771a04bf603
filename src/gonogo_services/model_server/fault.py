"""Why a request to the model server has no answer, in the words that both protocols' statuses are made from."""

from __future__ import annotations

from enum import Enum

__all__ = ["Fault", "FaultKind"]


class FaultKind(Enum):
    """A gRPC status code's name, and the HTTP status that says the same."""

    INVALID_ARGUMENT = 400
    NOT_FOUND = 404
    RESOURCE_EXHAUSTED = 429
    INTERNAL = 500
    UNAVAILABLE = 503


class Fault(Exception):
    """A request that cannot be answered.

    Args:
        kind: whose fault it is.
        message: one line.
    """

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind

"""Why a gate test did not pass, as far as it says whose fault that is."""

from __future__ import annotations

from enum import StrEnum

from gonogo.errors import EnvironmentFault, MeasurementError, StackError, UsageError

__all__ = ["Cause", "cause_of"]


class Cause(StrEnum):
    """What stopped a gate test.

    ``assertion`` and ``stack`` speak of the service; ``undecided``, ``environment`` and ``usage`` do not: the data,
    the machine or what the suite was given did not allow an answer. ``other`` is any further exception.
    """

    NONE = ""
    ASSERTION = "assertion"
    UNDECIDED = "undecided"
    STACK = "stack"
    ENVIRONMENT = "environment"
    USAGE = "usage"
    OTHER = "other"


_CAUSES: tuple[tuple[type[BaseException], Cause], ...] = (
    (AssertionError, Cause.ASSERTION),
    (MeasurementError, Cause.UNDECIDED),
    (StackError, Cause.STACK),
    (EnvironmentFault, Cause.ENVIRONMENT),
    (UsageError, Cause.USAGE),
)


def cause_of(error: BaseException) -> Cause:
    """Return the cause that ``error``, raised by a gate test or one of its fixtures, stands for."""
    return next((cause for kind, cause in _CAUSES if isinstance(error, kind)), Cause.OTHER)

"""The error tree: every way in which gonogo tells a person that something cannot go on.

Each error says *what* is wrong, *where* it stands, and *how to mend* it. The command line prints the three as
one line and exits with ``exit_status``; the pytest plugin turns them into a usage error or a failed test.

::

    GonogoError
    ├── UsageError            what the user gave cannot be used             exit status 2
    │   ├── ManifestError     a manifest cannot be read or run
    │   ├── GrammarError      a criterion, duration or rate cannot be read
    │   ├── TargetError       a target or a target file cannot be used
    │   └── SettingsError     a setting is unknown or out of range
    ├── EnvironmentFault      this machine, or what runs on it, does not play along    exit status 2
    │   ├── StackError        a service did not start, get ready or stay up
    │   └── MissingPart       an optional part of gonogo is not installed
    │       └── AbsentPlatform    this machine does not have the platform that was asked for
    └── MeasurementError      what was measured cannot be judged            exit status 3
        └── UndecidedError    a verdict that is not GO or NO-GO was used as a truth value
"""

from __future__ import annotations

__all__ = [
    "AbsentPlatform",
    "EnvironmentFault",
    "GonogoError",
    "GrammarError",
    "ManifestError",
    "MeasurementError",
    "MissingPart",
    "SettingsError",
    "StackError",
    "TargetError",
    "UndecidedError",
    "UsageError",
]


class GonogoError(Exception):
    """Anything that gonogo reports to a person.

    Args:
        what: what is wrong, with the value that was given.
        where: file and line, object and field, option, or service. Empty when ``what`` says it.
        mend: what to do about it. Empty only when nobody can do anything.
    """

    exit_status = 2

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        """One line: ``where: what; mend``."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.mend}" if self.mend else text


class UsageError(GonogoError):
    """What the user gave cannot be used."""


class ManifestError(UsageError):
    """A manifest cannot be read or run."""


class GrammarError(UsageError):
    """A criterion, a duration, a rate or a size cannot be read."""


class TargetError(UsageError):
    """A target or a line of a target file cannot be used."""


class SettingsError(UsageError):
    """A setting is unknown, of the wrong type or out of range."""


class EnvironmentFault(GonogoError):
    """The machine, or what runs on it, does not play along."""


class StackError(EnvironmentFault):
    """A service of the stack did not start, did not get ready or did not stay up."""


class MissingPart(EnvironmentFault):
    """An optional part of gonogo, or a program that it needs, is not installed."""


class AbsentPlatform(MissingPart):
    """This machine does not have the platform that was asked for. Gate tests on it are skipped, or fail if required."""


class MeasurementError(GonogoError):
    """What was measured cannot be judged."""

    exit_status = 3


class UndecidedError(MeasurementError):
    """A verdict that is neither GO nor NO-GO was used as a truth value."""

"""What a checker says about a manifest: where it stands, what follows from it, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Severity", "Source"]


class Severity(StrEnum):
    """How bad a finding is: ``error`` stops the stack from being what the manifest says."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Source:
    """Where an object stands: the file as the user named it (``-`` is standard input) and its first line, from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on one field of one object.

    Attributes:
        rule: short stable name in kebab-case, such as ``image-latest``; documented in docs/findings.md.
        severity: error, warning or notice.
        source: file and line.
        object: ``Kind namespace/name``.
        field: path of the field, such as ``spec.template.spec.containers[0].image``.
        consequence: what happens because of it.
        mend: what to write instead.
    """

    rule: str
    severity: Severity
    source: Source
    object: str
    field: str
    consequence: str
    mend: str

    def __str__(self) -> str:
        return (
            f"{self.source}: {self.severity} [{self.rule}] {self.object} {self.field}: {self.consequence}; {self.mend}"
        )

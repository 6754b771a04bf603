"""A rule: what a finding is about and how bad it is. A place: the field that a rule is applied to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gonogo.manifests.document import Document, Lines, Path
from gonogo.manifests.findings import Finding, Severity

__all__ = ["Place", "Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, documented in docs/findings.md under its name.

    Attributes:
        name: short stable name in kebab-case.
        severity: the same for all findings of the rule.
        title: what is wrong, in a few words.
    """

    name: str
    severity: Severity
    title: str


@dataclass(frozen=True, slots=True)
class Place:
    """A field of an object, and the list that takes the findings about it."""

    document: Document
    findings: list[Finding]
    path: Path = ()

    def __truediv__(self, step: str | int) -> Place:
        """Return the place of the field ``step`` below this one."""
        return replace(self, path=(*self.path, step))

    @property
    def node(self) -> Lines:
        """The lines of this field, or of the nearest one above it that exists."""
        return self.document.node(self.path)

    def report(self, rule: Rule, consequence: str, mend: str) -> None:
        """Add a finding about this field."""
        self.findings.append(self.finding(rule, consequence, mend))

    def finding(self, rule: Rule, consequence: str, mend: str) -> Finding:
        """Return a finding about this field."""
        return Finding(
            rule=rule.name,
            severity=rule.severity,
            source=self.document.at(self.path),
            object=str(self.document),
            field=self.document.named(self.path),
            consequence=consequence,
            mend=mend,
        )

"""What of a policy Nginx cannot say, or says differently."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gonogo.manifests.findings import Finding, Severity, Source
from gonogo.manifests.rule import Rule
from gonogo.mesh.policy.origin import Origin

__all__ = ["RULES", "Differences"]

NGINX_CANNOT: Final = Rule("nginx-cannot", Severity.ERROR, "a traffic rule that Nginx cannot carry out")
NGINX_DIFFERS: Final = Rule("nginx-differs", Severity.WARNING, "a traffic rule that Nginx carries out differently")
RULES: Final = (NGINX_CANNOT, NGINX_DIFFERS)

_NOWHERE: Final = Origin(Source("-", 1), "policy", "")
_MEND: Final = "judge this rule with Envoy, or remove it where Nginx is what is released"


@dataclass(slots=True)
class Differences:
    """Collects the findings of one rendering."""

    findings: list[Finding] = field(default_factory=list)

    def cannot(self, origin: Origin | None, part: str, consequence: str) -> None:
        """Report that the part of ``origin`` has no counterpart."""
        self._report(NGINX_CANNOT, origin, part, consequence)

    def differs(self, origin: Origin | None, part: str, consequence: str) -> None:
        """Report that the part of ``origin`` is carried out in another way."""
        self._report(NGINX_DIFFERS, origin, part, consequence)

    def _report(self, rule: Rule, origin: Origin | None, part: str, consequence: str) -> None:
        at = origin or _NOWHERE
        where = f"{at.field}.{part}" if at.field else part
        finding = Finding(rule.name, rule.severity, at.source, at.object, where, consequence, _MEND)
        if finding not in self.findings:
            self.findings.append(finding)

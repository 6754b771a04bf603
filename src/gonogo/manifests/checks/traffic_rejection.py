"""What is declared about requests that the breaker turns away, and cannot be used, or stands where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gonogo.errors import GrammarError
from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.overflow import ANNOTATION as OVERFLOW_ANNOTATION
from gonogo.manifests.overflow import overflow_text, read_overflow
from gonogo.manifests.rejection import ANNOTATION, read_rejection, rejection_text
from gonogo.manifests.rule import Rule
from gonogo.manifests.traffic import destination_rules

__all__ = ["OVERFLOW", "REJECTION"]

_OVERFLOW: Final = Rule("overflow-without-effect", Severity.ERROR, "what a breaker turns away is sent nowhere")
_REJECTION: Final = Rule("rejection-without-effect", Severity.ERROR, "a breaker's answer is declared and is not given")


def _rejection(assembly: Assembly) -> Iterator[Finding]:
    for entry in destination_rules(assembly.objects):
        text = rejection_text(entry)
        if text is None:
            continue
        place = entry.place / "metadata" / "annotations" / ANNOTATION
        try:
            read_rejection(text)
        except GrammarError as error:
            yield place.finding(_REJECTION, f"{error.what}: the breaker answers with its bare 503", error.mend)
            continue
        if not _breaks(entry.fields.get("spec", {})):
            yield place.finding(
                _REJECTION,
                "no connectionPool limits anything: nothing is ever turned away",
                "add trafficPolicy.connectionPool, or remove the annotation",
            )


def _breaks(spec: Mapping[str, Any]) -> bool:
    holders = [spec, *spec.get("subsets", ())]
    policies = [holder.get("trafficPolicy", {}) for holder in holders]
    policies += [port for policy in policies for port in policy.get("portLevelSettings", ())]
    return any(policy.get("connectionPool") for policy in policies)


def _overflow(assembly: Assembly) -> Iterator[Finding]:
    for entry in destination_rules(assembly.objects):
        text = overflow_text(entry)
        if text is None:
            continue
        place = entry.place / "metadata" / "annotations" / OVERFLOW_ANNOTATION
        try:
            target = read_overflow(text, entry.namespace)
        except GrammarError as error:
            yield place.finding(_OVERFLOW, f"{error.what}: what is turned away goes nowhere", error.mend)
            continue
        ports = [
            port.port
            for placed in assembly.services
            for port in placed.service.ports
            if (placed.service.namespace, placed.service.name) == (target.host.namespace, target.host.name)
        ]
        if target.port not in ports:
            known = f"it declares {', '.join(map(str, ports))}" if ports else f"declare a Service {target.host}"
            yield place.finding(
                _OVERFLOW,
                f"there is no port {target.port} of a Service {target.host}: what is turned away is lost",
                known,
            )
        elif not _breaks(entry.fields.get("spec", {})):
            yield place.finding(
                _OVERFLOW,
                "no connectionPool limits anything: nothing is ever turned away",
                "add trafficPolicy.connectionPool, or remove the annotation",
            )


REJECTION: Final = Check(_REJECTION, _rejection)
OVERFLOW: Final = Check(_OVERFLOW, _overflow)

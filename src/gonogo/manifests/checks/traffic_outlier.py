"""Outlier detection that does not do what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.host import resolve
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.traffic import destination_rules, known_services

__all__ = ["CONSECUTIVE_ERRORS", "EJECTS_NONE"]

_ERRORS: Final = Rule("consecutive-errors-ignored", Severity.WARNING, "outlier detection counts by a field of the past")
_NONE: Final = Rule("ejects-none", Severity.WARNING, "outlier detection may not eject even one replica")

_ENVOY_PERCENT: Final = 10
_WHOLE: Final = 100


def _errors(assembly: Assembly) -> Iterator[Finding]:
    for outliers, _, place in _all(assembly):
        if "consecutiveErrors" in outliers:
            counted = "consecutive5xxErrors" in outliers
            instead = (
                "consecutive5xxErrors counts" if counted else "Envoy's own limit of 5 consecutive 5xx answers holds"
            )
            yield (place / "consecutiveErrors").finding(
                _ERRORS,
                f"consecutiveErrors is deprecated and ignored: {instead}, not {outliers['consecutiveErrors']}",
                "remove it" if counted else "write consecutive5xxErrors or consecutiveGatewayErrors",
            )


def _none(assembly: Assembly) -> Iterator[Finding]:
    for outliers, replicas, place in _all(assembly):
        # Istio takes 0 for silence.
        percent = outliers.get("maxEjectionPercent") or _ENVOY_PERCENT
        most = max(replicas, default=0)
        if most and percent * most < _WHOLE:
            whose = "" if outliers.get("maxEjectionPercent") else " (Envoy's default)"
            listed = " or ".join(str(count) for count in sorted(set(replicas)))
            yield (place / "maxEjectionPercent").finding(
                _NONE,
                f"{percent} %{whose} of {listed} replicas is less than one: none is ever ejected",
                f"write at least {-(-_WHOLE // most)}, or run at least {-(-_WHOLE // percent)} replicas",
            )


def _all(assembly: Assembly) -> Iterator[tuple[Mapping[str, Any], list[int], Place]]:
    """Yield every outlier detection with the numbers of replicas that it watches over, and its place."""
    known = known_services(assembly)
    for rule in destination_rules(assembly.objects):
        spec = rule.fields.get("spec", {})
        host = resolve(spec.get("host", ""), rule.namespace)
        service = known.get(host) if host else None
        behind = [entry.workload for entry in assembly.behind(service)] if service else []
        subsets = [
            (subset, sum(own.replicas for own in behind if subset.get("labels", {}).items() <= own.labels.items()))
            for subset in spec.get("subsets", ())
        ]
        whole = sum(own.replicas for own in behind)
        inheriting = [n for subset, n in subsets if "outlierDetection" not in subset.get("trafficPolicy", {})]
        yield from _of(spec, [whole, *inheriting], rule.place / "spec")
        for i, (subset, count) in enumerate(subsets):
            yield from _of(subset, [count], rule.place / "spec" / "subsets" / i)


def _of(
    holder: Mapping[str, Any], replicas: list[int], place: Place
) -> Iterator[tuple[Mapping[str, Any], list[int], Place]]:
    policy = holder.get("trafficPolicy", {})
    at = place / "trafficPolicy"
    holders = [
        (policy, at),
        *((port, at / "portLevelSettings" / i) for i, port in enumerate(policy.get("portLevelSettings", ()))),
    ]
    for fields, where in holders:
        if "outlierDetection" in fields:
            yield fields["outlierDetection"], [count for count in replicas if count], where / "outlierDetection"


CONSECUTIVE_ERRORS: Final = Check(_ERRORS, _errors)
EJECTS_NONE: Final = Check(_NONE, _none)

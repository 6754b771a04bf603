"""Subsets: named by a route and by no DestinationRule, or without any Pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.host import Host, resolve
from gonogo.manifests.rule import Rule
from gonogo.manifests.traffic import destination_rules, destinations, known_services, virtual_services

__all__ = ["SUBSET_EMPTY", "SUBSET_UNKNOWN"]

_UNKNOWN: Final = Rule("subset-unknown", Severity.ERROR, "a route names a subset that no DestinationRule declares")
_EMPTY: Final = Rule("subset-empty", Severity.ERROR, "a subset selects no Pod of its Service")


def _unknown(assembly: Assembly) -> Iterator[Finding]:
    declared: dict[Host, list[str]] = {}
    for rule in destination_rules(assembly.objects):
        host = resolve(rule.fields.get("spec", {}).get("host", ""), rule.namespace)
        if host:
            names = [subset.get("name", "") for subset in rule.fields["spec"].get("subsets", ())]
            declared.setdefault(host, []).extend(names)
    for entry in virtual_services(assembly.objects):
        for leads in destinations(entry):
            if not leads.subset or leads.host is None or leads.subset in declared.get(leads.host, ()):
                continue
            known = ", ".join(declared.get(leads.host, ()))
            what = "copies are dropped" if leads.mirror else "requests that it takes are answered with 503"
            yield (leads.place / "subset").finding(
                _UNKNOWN,
                f"no DestinationRule for {leads.host} declares subset {leads.subset!r}: {what}",
                f"name one of its subsets: {known}" if known else f"declare it in a DestinationRule for {leads.host}",
            )


def _empty(assembly: Assembly) -> Iterator[Finding]:
    known = known_services(assembly)
    for rule in destination_rules(assembly.objects):
        host = resolve(rule.fields.get("spec", {}).get("host", ""), rule.namespace)
        service = known.get(host) if host else None
        if service is None or service.external:
            continue
        behind = assembly.behind(service)
        for i, subset in enumerate(rule.fields["spec"].get("subsets", ())):
            labels = subset.get("labels", {})
            if any(labels.items() <= entry.workload.labels.items() for entry in behind):
                continue
            written = ", ".join(f"{key}: {value}" for key, value in labels.items())
            has = "; ".join(
                f"{entry.workload} has {', '.join(f'{key}: {value}' for key, value in entry.workload.labels.items())}"
                for entry in behind
            )
            yield (rule.place / "spec" / "subsets" / i / "labels").finding(
                _EMPTY,
                f"no Pod behind {service.service} has the labels {written}: requests for the subset get 503",
                f"select labels that its Pods have: {has or 'there are none'}",
            )


SUBSET_UNKNOWN: Final = Check(_UNKNOWN, _unknown)
SUBSET_EMPTY: Final = Check(_EMPTY, _empty)

"""Deployments that take each other's Pods for their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.rule import Rule
from gonogo.manifests.workload import PlacedWorkload

__all__ = ["OVERLAP"]

_OVERLAP: Final = Rule("selector-overlap", Severity.ERROR, "two Deployments select the same Pods")


def _overlap(assembly: Assembly) -> Iterator[Finding]:
    deployments = [entry for entry in assembly.workloads if entry.selector is not None]
    for entry in deployments:
        others = [str(other.workload) for other in deployments if other is not entry and _takes(entry, other)]
        if others:
            yield (entry.place / "spec" / "selector").finding(
                _OVERLAP,
                f"it also selects the Pods of {', '.join(others)}: scaling, rollouts and autoscaling mix them up",
                "add a label to each template that tells them apart, such as version, and select it",
            )


def _takes(one: PlacedWorkload, other: PlacedWorkload) -> bool:
    return (
        one.selector is not None
        and one.workload.namespace == other.workload.namespace
        and one.workload.name != other.workload.name
        and one.selector.matches(other.workload.labels)
    )


OVERLAP: Final = Check(_OVERLAP, _overlap)

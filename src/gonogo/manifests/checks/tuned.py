"""Thresholds that are bound to a model which the manifests do not have, or by an annotation that says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.errors import GrammarError
from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.rule import Rule
from gonogo.manifests.tuned import ANNOTATION, read_tunings

__all__ = ["TUNED"]

_TUNED: Final = Rule("thresholds-unbound", Severity.ERROR, "thresholds are bound to a model that cannot be found")


def _tuned(assembly: Assembly) -> Iterator[Finding]:
    known = {f"{each.service.namespace}/{each.service.name}" for each in assembly.services}
    for entry in assembly.workloads:
        text = entry.workload.annotations.get(ANNOTATION)
        if text is None:
            continue
        parts = () if entry.selector is None else ("spec", "template")
        place = entry.place
        for part in (*parts, "metadata", "annotations", ANNOTATION):
            place = place / part
        try:
            tunings = read_tunings(text)
        except GrammarError as error:
            yield place.finding(_TUNED, f"{error.what}: no judgment can be GO", error.mend)
            continue
        for one in tunings:
            name = one.service if "/" in one.service else f"{entry.workload.namespace}/{one.service}"
            if name not in known:
                yield place.finding(
                    _TUNED,
                    f"there is no Service {name}: its model cannot be held against these thresholds",
                    f"declare it, or name one of {', '.join(sorted(known))}" if known else "declare it",
                )


TUNED: Final = Check(_TUNED, _tuned)

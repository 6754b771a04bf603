"""Pods that are said to have a log of predictions, in words that say nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.errors import GrammarError
from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.prediction_log import ANNOTATION, read_log_fields
from gonogo.manifests.rule import Rule

__all__ = ["PREDICTION_LOG"]

_PREDICTION_LOG: Final = Rule("prediction-log", Severity.ERROR, "an annotation on a log of predictions cannot be read")


def _prediction_log(assembly: Assembly) -> Iterator[Finding]:
    for entry in assembly.workloads:
        text = entry.workload.annotations.get(ANNOTATION)
        if text is None:
            continue
        try:
            read_log_fields(text)
        except GrammarError as error:
            place = entry.place
            for part in (*(() if entry.selector is None else ("spec", "template")), "metadata", "annotations"):
                place = place / part
            yield (place / ANNOTATION).finding(
                _PREDICTION_LOG, f"{error.what}: nothing could be captured from it", error.mend
            )


PREDICTION_LOG: Final = Check(_PREDICTION_LOG, _prediction_log)

"""Thresholds belong to a model: the annotation beside them that says to which.

``gonogo.dev/tuned-for: "iris-setosa=9881a4f0…, iris-versicolor=…"`` on Pods names Services and the SHA-256 of the model
that each of them served when the thresholds were chosen: all of it, or at least its first twelve digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from gonogo.errors import GrammarError
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.rule import Rule
from gonogo.manifests.topology import Topology, Workload

__all__ = ["ANNOTATION", "RULES", "Tuning", "read_tunings", "stale", "written"]

ANNOTATION: Final = "gonogo.dev/tuned-for"

THRESHOLDS_STALE: Final = Rule("thresholds-stale", Severity.ERROR, "thresholds were chosen for another model")
RULES: Final = (THRESHOLDS_STALE,)

_ENTRY: Final = re.compile(r"(?P<service>[a-z0-9][a-z0-9._/-]*)=(?P<sha256>[0-9a-f]{12,64})")
_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Tuning:
    """A Service (``name`` or ``namespace/name``) and the SHA-256 of its model, or the beginning of it."""

    service: str
    sha256: str

    def __post_init__(self) -> None:
        if not _ENTRY.fullmatch(f"{self.service}={self.sha256}"):
            raise GrammarError(
                f"{f'{self.service}={self.sha256}'!r} names no model",
                where=ANNOTATION,
                mend="write SERVICE=SHA256, with at least 12 hexadecimal digits",
            )


def read_tunings(text: str) -> tuple[Tuning, ...]:
    """Return what the annotation ``text`` says.

    Raises:
        GrammarError: it cannot be read.
    """
    found = []
    for part in re.split(r"[,\s]+", text.strip()):
        service, _, sha256 = part.partition("=")
        found.append(Tuning(service, sha256))
    return tuple(found)


def written(tunings: Iterable[Tuning]) -> str:
    """Return ``tunings`` as the annotation has them."""
    return ", ".join(f"{one.service}={one.sha256}" for one in tunings)


def stale(topology: Topology, models: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return a finding for every workload whose thresholds were not chosen for the model that answers.

    An annotation that cannot be read is a finding about the manifests, and none here.

    Args:
        topology: what runs.
        models: the SHA-256 of each Service's model, by ``namespace/name``, as far as it is known.
    """
    found = []
    for workload in topology.workloads:
        with suppress(GrammarError):
            for one in read_tunings(workload.annotations[ANNOTATION]) if ANNOTATION in workload.annotations else ():
                name = one.service if "/" in one.service else f"{workload.namespace}/{one.service}"
                serving = models.get(name)
                if serving is None or not serving.startswith(one.sha256):
                    found.append(_stale(workload, name, one, serving))
    return tuple(found)


def _stale(workload: Workload, service: str, tuned: Tuning, serving: str | None) -> Finding:
    what = f"serves the model {serving[:_SHOWN]}" if serving else "does not say what model it serves"
    return Finding(
        rule=THRESHOLDS_STALE.name,
        severity=THRESHOLDS_STALE.severity,
        source=workload.source,
        object=str(workload),
        field=f"metadata.annotations[{ANNOTATION}]",
        consequence=f"its thresholds were chosen for the model {tuned.sha256[:_SHOWN]} of {service}, which {what}",
        mend="measure them anew with gonogo thresholds"
        if serving
        else "have GET /metadata of the service tell model_sha256",
    )

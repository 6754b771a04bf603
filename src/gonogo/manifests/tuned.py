"""Thresholds belong to a model: the annotation beside them that says to which.

``gonogo.dev/tuned-for: "iris-setosa=9881a4f0…, iris-versicolor=…"`` on Pods names Services and the SHA-256 of the model
that each of them served when the thresholds were chosen: all of it, or at least its first twelve digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gonogo.errors import GrammarError
from gonogo.manifests.topology import Topology

__all__ = ["ANNOTATION", "Tuning", "read_tunings", "stale", "written"]

ANNOTATION: Final = "gonogo.dev/tuned-for"

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


def stale(topology: Topology, models: Mapping[str, str]) -> tuple[str, ...]:
    """Return a line for every workload whose thresholds were not chosen for the model that answers.

    Args:
        topology: what runs.
        models: the SHA-256 of each Service's model, by ``namespace/name``, as far as it is known.
    """
    lines = []
    for workload in topology.workloads:
        text = workload.annotations.get(ANNOTATION, "")
        try:
            tunings = read_tunings(text) if text else ()
        except GrammarError as error:
            lines.append(f"{workload} has thresholds, but the model that they are for cannot be read: {error}")
            continue
        for one in tunings:
            name = one.service if "/" in one.service else f"{workload.namespace}/{one.service}"
            serving = models.get(name)
            if serving is None:
                lines.append(
                    f"{workload} has thresholds for a model of {name}, which does not say what model it serves"
                )
            elif not serving.startswith(one.sha256):
                lines.append(
                    f"{workload} has thresholds for the model {one.sha256[:_SHOWN]} of {name}, which serves"
                    f" {serving[:_SHOWN]}: measure them anew with gonogo thresholds"
                )
    return tuple(lines)

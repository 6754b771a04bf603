"""The annotation that says where a breaker sends what it turns away, for which Istio has no field.

On a DestinationRule: ``gonogo.dev/overflow: overflow:8080``, a Service and its port. The name is short or full, as
hosts of traffic rules are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gonogo.errors import GrammarError
from gonogo.manifests.host import Host, resolve
from gonogo.manifests.objects import Object

__all__ = ["ANNOTATION", "OverflowTarget", "overflow_text", "read_overflow"]

ANNOTATION: Final = "gonogo.dev/overflow"

_TARGET: Final = re.compile(r"(?P<host>[a-z0-9]([-a-z0-9.]*[a-z0-9])?):(?P<port>[0-9]{1,5})")
_LAST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class OverflowTarget:
    """A Service's port that takes what was turned away."""

    host: Host
    port: int


def overflow_text(entry: Object) -> object:
    """Return what the annotation of a DestinationRule says; None without one."""
    metadata = entry.place.document.body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return annotations.get(ANNOTATION) if isinstance(annotations, Mapping) else None


def read_overflow(text: object, namespace: str) -> OverflowTarget:
    """Return what the annotation of a rule in ``namespace`` says.

    Raises:
        GrammarError: it names no Service and port.
    """
    match = _TARGET.fullmatch(text) if isinstance(text, str) else None
    host = resolve(match["host"], namespace) if match else None
    if match is None or host is None or not 1 <= int(match["port"]) <= _LAST_PORT:
        raise GrammarError(f"{text!r} is no Service with its port", mend="write as in overflow:8080")
    return OverflowTarget(host, int(match["port"]))

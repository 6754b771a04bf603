"""The annotation that keeps each user at one side of a weighted split, for which Istio has no field.

``gonogo.dev/sticky: header:x-user`` or ``cookie:user`` on a VirtualService: which requests are the same user's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gonogo.manifests.objects import Object

__all__ = ["ANNOTATION", "StickyKey", "sticky_key", "sticky_text"]

ANNOTATION: Final = "gonogo.dev/sticky"

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 section 5.6.2; RFC 6265 section 4.1.1
_FORM: Final = re.compile(rf"(header|cookie):({_NAME})")


@dataclass(frozen=True, slots=True)
class StickyKey:
    """What tells users apart.

    Attributes:
        source: ``header`` or ``cookie``.
        name: of the header or cookie.
    """

    source: str
    name: str


def sticky_text(entry: Object) -> object:
    """Return what the annotation of a VirtualService says; None without one."""
    metadata = entry.place.document.body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return annotations.get(ANNOTATION) if isinstance(annotations, Mapping) else None


def sticky_key(text: object) -> StickyKey | None:
    """Return what ``text`` says; None when it says nothing that can be used."""
    found = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
    return StickyKey(found[1], found[2]) if found else None

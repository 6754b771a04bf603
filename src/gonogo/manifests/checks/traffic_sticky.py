"""Sticky splits: annotations that cannot be read, or that stand where nothing is split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.rule import Rule
from gonogo.manifests.sticky import ANNOTATION, sticky_key, sticky_text
from gonogo.manifests.traffic import routes, virtual_services

__all__ = ["STICKY"]

_STICKY: Final = Rule("sticky-without-effect", Severity.ERROR, "a split is declared sticky and is not")


def _sticky(assembly: Assembly) -> Iterator[Finding]:
    for entry in virtual_services(assembly.objects):
        text = sticky_text(entry)
        if text is None:
            continue
        place = entry.place / "metadata" / "annotations" / ANNOTATION
        if sticky_key(text) is None:
            yield place.finding(
                _STICKY,
                f"{text!r} names no header and no cookie: every request of a user may go to another destination",
                "write header:NAME or cookie:NAME",
            )
        elif not any(len(route.get("route", ())) > 1 for route, _ in routes(entry)):
            yield place.finding(
                _STICKY,
                "no route has two destinations: nothing is split",
                "remove the annotation, or add a destination",
            )


STICKY: Final = Check(_STICKY, _sticky)

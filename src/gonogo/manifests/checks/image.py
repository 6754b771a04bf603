"""Images that name no version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.rule import Rule

__all__ = ["LATEST"]

_LATEST: Final = Rule("image-latest", Severity.WARNING, "an image names no version")


def _latest(assembly: Assembly) -> Iterator[Finding]:
    for placed in assembly.pods:
        for container, place in (*placed.each_init_container(), *placed.each_container()):
            if container.image and _moves(container.image):
                yield (place / "image").finding(
                    _LATEST,
                    f"{container.image} can be another program tomorrow: what is judged is not what will run",
                    "name a version or a digest",
                )


def _moves(image: str) -> bool:
    if "@" in image:
        return False
    _, colon, tag = image.rpartition("/")[2].partition(":")
    return not colon or tag == "latest"


LATEST: Final = Check(_LATEST, _latest)

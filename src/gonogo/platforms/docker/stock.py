"""The images that a stack needs: there, pulled, or stood in for, before anything starts."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import docker
from docker.errors import APIError, ImageNotFound

from gonogo.errors import EnvironmentFault
from gonogo.platforms.docker.daemon import explain, told
from gonogo.platforms.docker.labels import READ_ONLY

__all__ = ["Stock", "provide"]


@dataclass(frozen=True, slots=True)
class Stock:
    """What became of the images of a stack.

    Attributes:
        read_only: those that need no writable root file system.
        stand_ins: image that is out of reach to the image that takes its place.
        notes: a sentence for each of these.
    """

    read_only: frozenset[str]
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def provide(client: docker.DockerClient, images: Sequence[str], stand_ins: Mapping[str, str] | None = None) -> Stock:
    """Make sure that all ``images`` are there, or that something may take their place.

    Args:
        client: of the daemon.
        images: as manifests write them.
        stand_ins: glob of images to the image that may take their place.

    Raises:
        EnvironmentFault: names every image that is missing, cannot be pulled, and has no stand-in.
    """
    missing: dict[str, str] = {}
    replaced: dict[str, str] = {}
    notes: list[str] = []
    read_only = set()
    for image in images:
        with told(f"look for the image {image}"):
            try:
                labels = _find(client, image)
            except APIError as error:
                if name := _stand_in(image, stand_ins or {}):
                    replaced[image] = name
                    notes.append(f"{name} took the place of {image}, which cannot be pulled ({explain(error)})")
                else:
                    missing[image] = explain(error)
                continue
        if labels.get(READ_ONLY) == "true":
            read_only.add(image)
    if missing:
        raise EnvironmentFault(
            "; ".join(f"Docker has no image {image} and cannot pull it ({why})" for image, why in missing.items()),
            mend="build it (docker build -t NAME …), load it (docker load), or log in to the registry that has it",
        )
    return Stock(frozenset(read_only), replaced, tuple(notes))


def _stand_in(image: str, stand_ins: Mapping[str, str]) -> str:
    """The image that may take the place of ``image``; empty without one. No tag means ``latest`` to Docker."""
    tagged = image if ":" in image.rpartition("/")[2] else f"{image}:latest"
    return next((name for glob, name in stand_ins.items() if fnmatch.fnmatchcase(tagged, glob)), "")


def _find(client: docker.DockerClient, image: str) -> dict[str, str]:
    try:
        found = client.images.get(image)
    except ImageNotFound:
        found = client.images.pull(*_parts(image))
    return dict(found.labels)


def _parts(image: str) -> tuple[str, str]:
    """Name and tag of an image; a digest is a tag to the client."""
    name, at, digest = image.partition("@")
    if at:
        return name, digest
    head, colon, tag = name.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (name, "latest")

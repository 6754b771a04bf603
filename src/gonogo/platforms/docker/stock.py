"""The images that a stack needs: there, or pulled, before anything starts."""

from __future__ import annotations

from collections.abc import Sequence

import docker
from docker.errors import APIError, ImageNotFound

from gonogo.errors import EnvironmentFault
from gonogo.platforms.docker.daemon import explain, told
from gonogo.platforms.docker.labels import READ_ONLY

__all__ = ["provide"]


def provide(client: docker.DockerClient, images: Sequence[str]) -> frozenset[str]:
    """Make sure that all ``images`` are there and return those that need no writable root file system.

    Raises:
        EnvironmentFault: names every image that is missing and cannot be pulled.
    """
    missing: dict[str, str] = {}
    read_only = set()
    for image in images:
        with told(f"look for the image {image}"):
            try:
                labels = _find(client, image)
            except APIError as error:
                missing[image] = explain(error)
                continue
        if labels.get(READ_ONLY) == "true":
            read_only.add(image)
    if missing:
        raise EnvironmentFault(
            "; ".join(f"Docker has no image {image} and cannot pull it ({why})" for image, why in missing.items()),
            mend="build it (docker build -t NAME …), load it (docker load), or log in to the registry that has it",
        )
    return frozenset(read_only)


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

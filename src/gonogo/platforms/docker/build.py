"""Building the shipped images, and leaving those alone that are what their sources say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import docker
from docker.errors import APIError, BuildError, ImageNotFound

from gonogo.errors import EnvironmentFault
from gonogo.platforms.docker.daemon import explain, told
from gonogo.platforms.docker.labels import CONTENT, IMAGE
from gonogo.platforms.docker.shipped import CERTIFICATES, ShippedImage, digest, ingredients, pack

__all__ = ["Builder", "Built"]

_PASSED = (
    # What of the environment says where packages come from.
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "PIP_DEFAULT_TIMEOUT",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
_CERTIFICATES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_LAST_LINES = 12


@dataclass(frozen=True, slots=True)
class Built:
    """What became of one image."""

    image: str
    outcome: Literal["built", "unchanged"]
    size: int


class Builder:
    """Builds shipped images on one daemon.

    Args:
        client: of the daemon.
        root: folder with images/, constraints.txt and src/.
        base_image: the image with Python that all are made from.
        environment: says where packages come from; none of it stays in an image.
        announce: told before an image is built, which may take minutes.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        *,
        root: Path,
        base_image: str,
        environment: Mapping[str, str],
        announce: Callable[[str], None],
    ) -> None:
        self._client = client
        self._root = root
        self._base_image = base_image
        self._environment = environment
        self._announce = announce

    def build(self, images: Sequence[ShippedImage]) -> tuple[Built, ...]:
        """Build those of ``images`` that are missing or not what their sources say.

        Raises:
            EnvironmentFault: there is no base image, or a build failed; the message ends with its output.
        """
        if not images:
            return ()
        base = self._base()
        return tuple(self._one(image, base) for image in images)

    def _one(self, image: ShippedImage, base: str) -> Built:
        contents = ingredients(self._root, image)
        wanted = digest(image, contents, base)
        with told(f"look for the image {image.name}"):
            try:
                found = self._client.images.get(image.name)
            except ImageNotFound:
                found = None
        if found is not None and found.labels.get(CONTENT) == wanted:
            return Built(image.name, "unchanged", int(found.attrs["Size"]))
        self._announce(f"building the image {image.name} (once; it is kept)")
        context = pack(contents, [(CERTIFICATES, self._bundle())])
        with told(f"build the image {image.name}"):
            try:
                made, _ = self._client.images.build(
                    fileobj=context,
                    custom_context=True,
                    dockerfile=image.dockerfile,
                    target=image.target,
                    tag=image.name,
                    buildargs={"BASE": self._base_image, "REQUIREMENTS": image.requirements, **self._passed()},
                    labels={CONTENT: wanted, IMAGE: image.target},
                    network_mode="host",
                    rm=True,
                    forcerm=True,
                )
            except BuildError as error:
                raise _failed(image, error) from error
        if found is not None and found.id != made.id:
            with suppress(APIError):  # something still runs from it
                self._client.images.remove(found.id)
        return Built(image.name, "built", int(made.attrs["Size"]))

    def _base(self) -> str:
        """Id of the base image; it is pulled when it is not there."""
        with told(f"look for the base image {self._base_image}"):
            try:
                return str(self._client.images.get(self._base_image).id)
            except ImageNotFound:
                pass
            try:
                return str(self._client.images.pull(self._base_image).id)
            except APIError as error:
                raise EnvironmentFault(
                    f"there is no base image {self._base_image}, and it cannot be pulled: {explain(error)}",
                    mend="name one with Python 3.11 or newer and pip by the setting base_image (GONOGO_BASE_IMAGE);"
                    " where no registry can be reached, scripts/base-image makes one from Debian's packages",
                ) from error

    def _passed(self) -> dict[str, str]:
        return {name: self._environment[name] for name in _PASSED if self._environment.get(name)}

    def _bundle(self) -> bytes:
        """The certificates by which the package index is trusted, when the environment names some."""
        path = next((self._environment[name] for name in _CERTIFICATES if self._environment.get(name)), "")
        try:
            return Path(path).read_bytes() if path else b""
        except OSError as error:
            raise EnvironmentFault(
                f"the certificates cannot be read: {error.strerror}", where=path, mend="mend PIP_CERT"
            ) from error


def _failed(image: ShippedImage, error: BuildError) -> EnvironmentFault:
    text = "".join(str(part.get("stream", "")) for part in error.build_log if isinstance(part, dict))
    shown = [line.rstrip() for line in text.splitlines() if line.strip()][-_LAST_LINES:]
    said = "".join(f"\n    {line}" for line in shown)
    full = "no space left on device" in str(error).lower()
    return EnvironmentFault(
        f"the image {image.name} could not be built: {error.msg}",
        where=image.dockerfile,
        mend=("make room on the disk of Docker: docker system prune" if full else "last lines of the build:" + said),
    )

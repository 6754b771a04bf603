"""The docker platform keeps the contract of all platforms, on the real daemon."""

from collections.abc import Iterator

import docker
import pytest

from gonogo.platforms.docker import DockerPlatform
from gonogo.platforms.interface import Platform
from tests.contracts.platform import PlatformContract
from tests.platforms.docker_machine import BASE, ensure_image, needs_docker


class TestDockerPlatform(PlatformContract):
    """On this machine's daemon."""

    @pytest.fixture(scope="class")
    @classmethod
    def client(cls) -> Iterator[docker.DockerClient]:
        """The daemon's."""
        client = needs_docker()
        yield client
        client.close()

    @pytest.fixture(scope="class")
    @classmethod
    def platform(cls, client: docker.DockerClient) -> Platform:
        """Containers."""
        del client
        return DockerPlatform(BASE, stop_timeout_s=0.2)

    @pytest.fixture(scope="class")
    @classmethod
    def image(cls, client: docker.DockerClient) -> str:
        """The small HTTP service."""
        return ensure_image(client, "echo", "0.0.0.0", "8000")  # noqa: S104 - in a Pod of its own

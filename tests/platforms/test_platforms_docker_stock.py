"""The images of a stack: there, stood in for with a note, or named in one message."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest

from gonogo.errors import EnvironmentFault
from gonogo.platforms.docker.pause import PAUSE_IMAGE, ensure_pause
from gonogo.platforms.docker.stock import provide
from tests.platforms.docker_machine import needs_docker

FOREIGN = "127.0.0.1:9/mysql:8.4"
"""Of a registry that nobody runs."""


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    """The daemon's."""
    client = needs_docker()
    ensure_pause(client)
    yield client
    client.close()


def test_an_image_out_of_reach_is_stood_in_for(client: docker.DockerClient) -> None:
    """By the image of the first glob that matches, and the note says by which and why."""
    stock = provide(client, (PAUSE_IMAGE, FOREIGN), {"127.0.0.1:9/mysql:*": "gonogo/mariadb:1"})
    assert stock.stand_ins == {FOREIGN: "gonogo/mariadb:1"}
    (note,) = stock.notes
    assert note.startswith(f"gonogo/mariadb:1 took the place of {FOREIGN}, which cannot be pulled (")


def test_an_image_that_is_there_needs_no_stand_in(client: docker.DockerClient) -> None:
    """It runs itself."""
    assert provide(client, (PAUSE_IMAGE,), {"gonogo/pause:*": "gonogo/mariadb:1"}).stand_ins == {}


def test_an_image_without_a_tag_is_the_latest(client: docker.DockerClient) -> None:
    """As it is to Docker, whose registries may have a port."""
    stock = provide(client, ("127.0.0.1:9/mysql",), {"127.0.0.1:9/mysql:*": "gonogo/mariadb:1"})
    assert set(stock.stand_ins) == {"127.0.0.1:9/mysql"}


def test_an_image_without_a_stand_in_is_told(client: docker.DockerClient) -> None:
    """With what the registry said."""
    with pytest.raises(EnvironmentFault, match=r"no image 127\.0\.0\.1:9/mysql:8\.4 and cannot pull it"):
        provide(client, (FOREIGN,), {"mysql:*": "gonogo/mariadb:1"})

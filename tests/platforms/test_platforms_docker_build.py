"""Building images on the real daemon: once, again when something changes, without a trace of the package index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from gonogo.errors import EnvironmentFault
from gonogo.platforms.docker.build import Builder
from gonogo.platforms.docker.labels import CONTENT
from gonogo.platforms.docker.shipped import ShippedImage
from tests.platforms.docker_machine import ensure_base, needs_docker

IMAGE = ShippedImage("gonogo-test/tiny:1", "tiny/needs")
INDEX = "http://127.0.0.1:9/secret-index/simple"
DOCKERFILE = """\
ARG BASE
FROM ${BASE} AS build
ARG PIP_INDEX_URL
COPY constraints.txt images/certificates /build/
RUN test -n "$PIP_INDEX_URL" && test "$(cat /build/bundle.pem)" = trust && touch /made

FROM ${BASE} AS tiny
COPY --from=build /made /made
"""

Build = Callable[..., str]


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    """The daemon's."""
    client = needs_docker()
    yield client
    client.images.remove(IMAGE.name, force=True)
    client.close()


@pytest.fixture
def build(client: docker.DockerClient, tmp_path: Path) -> Build:
    """Write a project with one image, which a change may be made to, and build it."""
    for path, content in (
        ("images/tiny/Dockerfile", DOCKERFILE),
        ("images/certificates/README.md", "certificates"),
        ("images/tiny/needs.txt", "a\n"),
        ("constraints.txt", "a==1\n"),
        ("src/gonogo_services/__init__.py", ""),
        ("bundle.pem", "trust"),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)

    def once(path: str = "", content: str = "") -> str:
        if path:
            (tmp_path / path).write_text(content)
        environment = {"PIP_INDEX_URL": INDEX, "PIP_CERT": str(tmp_path / "bundle.pem")}
        builder = Builder(
            client, root=tmp_path, base_image=ensure_base(client), environment=environment, announce=lambda _: None
        )
        (built,) = builder.build([IMAGE])
        return built.outcome

    return once


def test_what_is_unchanged_is_not_built_again(build: Build) -> None:
    """Neither is another container image made, nor the daemon asked for one."""
    build("constraints.txt", "a==2\n")
    assert build() == "unchanged"


@pytest.mark.parametrize("path", ["constraints.txt", "src/gonogo_services/__init__.py"])
def test_a_change_builds_anew(build: Build, path: str) -> None:
    """Of a locked package, or of the code."""
    build()
    assert build(path, "# changed\n") == "built"


def test_an_outdated_image_does_not_stay(client: docker.DockerClient, build: Build) -> None:
    """It would take its disk space for good, and nobody could name it."""
    build()
    before = client.images.get(IMAGE.name).id
    build("constraints.txt", "a==9\n")
    assert before not in {image.id for image in client.images.list(all=True)}


def test_the_index_stays_outside(client: docker.DockerClient, build: Build) -> None:
    """Neither the configuration nor the history of the image knows it."""
    build()
    image = client.images.get(IMAGE.name)
    assert "secret-index" not in f"{image.attrs}{image.history()}"
    assert image.labels[CONTENT]


def test_a_build_that_fails_shows_its_last_lines(build: Build) -> None:
    """With the Dockerfile that is to be mended."""
    with pytest.raises(EnvironmentFault, match=r"images/tiny/Dockerfile.*could not be built") as caught:
        build("images/tiny/Dockerfile", "ARG BASE\nFROM ${BASE} AS tiny\nRUN echo so it goes && exit 3\n")
    assert "so it goes" in caught.value.mend


def test_a_missing_base_image_is_told(client: docker.DockerClient, tmp_path: Path) -> None:
    """With the setting that names another, and how to make one."""
    builder = Builder(
        client, root=tmp_path, base_image="gonogo-test/no-base:1", environment={}, announce=lambda _: None
    )
    with pytest.raises(EnvironmentFault, match="no base image gonogo-test/no-base:1") as caught:
        builder.build([IMAGE])
    assert "base_image" in caught.value.mend

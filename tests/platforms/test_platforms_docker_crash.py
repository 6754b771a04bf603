"""A daemon that dies, a full disk, and what others remove: one clear message, and nothing that stays for good."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from gonogo.errors import EnvironmentFault, StackError
from gonogo.manifests.topology import Topology
from gonogo.platforms.docker import DockerPlatform
from gonogo.platforms.docker.build import Builder
from gonogo.platforms.docker.pause import PAUSE_IMAGE, ensure_pause
from gonogo.platforms.docker.shipped import ShippedImage
from gonogo.platforms.docker.stack import DockerStack
from gonogo.platforms.docker.sweep import left, remove_stack
from tests.contracts.topologies import container, deployment
from tests.contracts.waiting import eventually
from tests.platforms.docker_daemon import OwnDaemon
from tests.platforms.machine import alive

ROOM = 64 << 20
Up = Callable[[], DockerStack]


@pytest.fixture(scope="module")
def daemon() -> Iterator[OwnDaemon]:
    """A daemon of this module's own."""
    folder = Path(tempfile.mkdtemp(prefix="gg-"))
    own = OwnDaemon(folder, size=ROOM)
    try:
        own.begin()
        yield own
    finally:
        own.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def client(daemon: OwnDaemon) -> Iterator[docker.DockerClient]:
    """A client of it; stacks go there, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", daemon.address)
        client = daemon.client()
        ensure_pause(client)
        yield client
        client.close()


@pytest.fixture
def up(client: docker.DockerClient, tmp_path: Path) -> Iterator[Up]:
    """Start a stack of two Pods that do nothing."""
    del client
    with ExitStack() as opened:
        yield lambda: opened.enter_context(_start(tmp_path))


def _start(workdir: Path) -> DockerStack:
    # Without a Service nothing is published: nobody could reach it.
    declared = Topology(workloads=(deployment("idle", container(PAUSE_IMAGE), replicas=2),))
    return DockerPlatform(stop_timeout_s=0.2).start(declared, workdir=workdir, ready_timeout_s=60)


def _of(client: docker.DockerClient, stack: DockerStack, role: str) -> docker.models.containers.Container:
    """Return the first container of ``stack`` in a role."""
    chosen = {"label": [f"dev.gonogo.stack={stack.stack}", f"dev.gonogo.role={role}"]}
    return min(client.containers.list(filters=chosen), key=lambda each: str(each.name))


@dataclass(frozen=True)
class Outlived:
    """A stack whose daemon was killed under it, stopped before the daemon was back.

    Attributes:
        error: what a look at its usage ended in.
        found: what was left of it when the daemon was back.
    """

    stack: DockerStack
    error: Exception
    found: tuple[str, ...]


class TestDaemonDies:
    """Under one stack, once."""

    @pytest.fixture(scope="class")
    @classmethod
    def outlived(
        cls, daemon: OwnDaemon, client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
    ) -> Outlived:
        """Start, kill the daemon, look, stop, start the daemon, look again."""
        stack = _start(tmp_path_factory.mktemp("outlived"))
        daemon.kill()
        eventually(stack.problems, 60)
        with pytest.raises(EnvironmentFault) as caught:
            stack.sample()
        stack.stop()
        daemon.start()
        return Outlived(stack, caught.value, left(client, stack.stack))

    def test_it_is_the_machines_fault(self, outlived: Outlived) -> None:
        """One message says so with its mend; no StackError, so that the service is not blamed."""
        assert "the Docker daemon went away" in str(outlived.error)
        assert "start the Docker daemon again" in str(outlived.error)
        assert not isinstance(outlived.error, StackError)

    def test_the_stack_ends_without_it(self, outlived: Outlived) -> None:
        """The keeper is gone, and what could not be removed is told with what will remove it."""
        assert not alive(outlived.stack.keeper)
        said = " ".join(outlived.stack.problems())
        assert f"the next session on Docker removes the stack {outlived.stack.stack}" in said

    def test_what_is_left_is_found_by_its_labels(self, client: docker.DockerClient, outlived: Outlived) -> None:
        """When the daemon is back, all of it can be removed."""
        assert len(outlived.found) >= 3
        assert remove_stack(client, outlived.stack.stack) == ()
        assert left(client, outlived.stack.stack) == ()


def test_a_container_that_somebody_removes_is_not_the_services_fault(client: docker.DockerClient, up: Up) -> None:
    """It is told as what it is, and made again."""
    stack = up()
    _of(client, stack, "container").remove(force=True)
    eventually(stack.problems, 60)
    assert stack.problems()[0].startswith("shop/idle/0: container main was removed by somebody else")
    with pytest.raises(EnvironmentFault, match="removed by somebody else"):
        stack.sample()
    eventually(lambda: all(each.ready for each in stack.replicas()), 60)


def test_a_pod_whose_network_somebody_removes_is_told(client: docker.DockerClient, up: Up) -> None:
    """Its service runs on and is out of reach, for which nobody would else have a reason."""
    stack = up()
    _of(client, stack, "pod").remove(force=True)
    eventually(stack.problems, 60)
    assert stack.problems() == ("shop/idle/0: the network of the Pod was removed by somebody else",)
    stack.stop()
    assert left(client, stack.stack) == ()


def test_a_full_disk_ends_a_build_with_its_mend(client: docker.DockerClient, tmp_path: Path) -> None:
    """What is full, and how to make room."""
    image = ShippedImage("gonogo-test/large:1", "tiny/needs")
    for path, content in (
        ("images/tiny/Dockerfile", b"ARG BASE\nFROM ${BASE} AS large\nCOPY src /src\n"),
        ("images/tiny/needs.txt", b""),
        ("images/certificates/README.md", b""),
        ("constraints.txt", b""),
        ("src/gonogo_services/large.bin", os.urandom(ROOM)),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    builder = Builder(client, root=tmp_path, base_image=PAUSE_IMAGE, environment={}, announce=lambda _: None)
    with pytest.raises(EnvironmentFault, match="no space left on device") as caught:
        builder.build([image])
    assert "docker system prune" in caught.value.mend
    assert client.images.list("gonogo-test/large") == []

"""What the Docker daemon says becomes one message, and what a session left is told from what lives."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from docker.errors import APIError, ImageNotFound

from gonogo.errors import AbsentPlatform, EnvironmentFault, StackError
from gonogo.platforms.docker.daemon import connect, told
from gonogo.platforms.docker.labels import Owner
from gonogo.platforms.docker.pause import program


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("unix:///no/such/socket", "no Docker daemon answers at unix:///no/such/socket: no such file or directory"),
        ("tcp://10.0.0.1:2375", "the Docker daemon at tcp://10.0.0.1:2375 is not on this machine"),
    ],
)
def test_without_a_daemon_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch, host: str, said: str) -> None:
    """What is missing, and how to get it."""
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(AbsentPlatform) as caught:
        connect()
    assert said in str(caught.value)
    assert caught.value.mend


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        (APIError("x", explanation="write /var/lib/docker/x: no space left on device"), "make room on the disk"),
        (APIError("x", explanation="could not find an available, non-overlapping IPv4 address pool"), "network prune"),
        (
            APIError("x", explanation="Bind for 127.0.0.1:80 failed: port is already allocated"),
            "stop what has the port",
        ),
        (ImageNotFound("x", explanation="No such image: a:1"), "build or pull"),
        (APIError("x", explanation="out of luck"), "log of the Docker daemon"),
        (requests.ConnectionError("refused"), "docker info"),
    ],
    ids=["disk", "network", "port", "image", "unknown", "gone"],
)
def test_a_fault_of_the_machine_is_told_with_its_mend(error: Exception, mend: str) -> None:
    """It is never the service's."""
    with pytest.raises(EnvironmentFault, match="make the Pod") as caught, told("make the Pod a"):
        raise error
    assert mend in caught.value.mend
    assert not isinstance(caught.value, StackError)


def test_an_owner_survives_its_label() -> None:
    """What is written can be read again, and nothing else can."""
    assert Owner.read(str(Owner.here())) == Owner.here()
    assert [Owner.read(text) for text in ("", "a/b/c", "a/b/c/d", "1/2/3/4/5")] == [None] * 4


def test_an_owner_that_lives_is_not_gone() -> None:
    """Nor one that cannot be seen, in another PID namespace of this boot."""
    here = Owner.here()
    assert not here.gone
    assert not replace(here, space="1", pid=2**22).gone


def test_an_owner_of_another_life_is_gone() -> None:
    """Another boot, an id that nobody has, or somebody else who has it now."""
    here = Owner.here()
    assert all(other.gone for other in (replace(here, boot="x"), replace(here, pid=2**22), replace(here, born=1)))


@pytest.mark.skipif(sys.platform != "linux", reason="an ELF program runs on Linux")
def test_the_program_that_holds_a_network_waits_for_ever(tmp_path: Path) -> None:
    """It starts, sleeps in the kernel, and is ended by a signal only."""
    file = tmp_path / "pause"
    file.write_bytes(program(platform.machine()))
    file.chmod(0o755)
    with subprocess.Popen([file]) as running:
        state = ""
        while state != "S":
            state = Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()[0]
            assert state in "RSD"
        running.terminate()
    assert running.returncode == -15
    assert os.access(file, os.X_OK)


def test_an_unknown_machine_is_refused() -> None:
    """By naming those that can be used."""
    with pytest.raises(EnvironmentFault, match="does not run on m68k; use one of aarch64, x86_64"):
        program("m68k")

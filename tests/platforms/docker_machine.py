"""Images for tests of the docker platform, made on the daemon from the tests' own services, and looks at the daemon."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import docker
import pytest

from gonogo.errors import AbsentPlatform
from gonogo.platforms.docker.daemon import connect
from gonogo.platforms.docker.labels import OWNER, STACK, Owner

__all__ = ["BASE", "ECHO", "ensure_base", "ensure_image", "needs_docker", "things"]

SERVICES = Path(__file__).parent / "services"
BASE = os.environ.get("GONOGO_BASE_IMAGE", "python:3.11-slim-bookworm")
ECHO = "gonogo-test/echo:1"


def needs_docker() -> docker.DockerClient:
    """Return a client; skip the test where no daemon answers."""
    try:
        return connect()
    except AbsentPlatform as error:
        if os.environ.get("GONOGO_REQUIRE_PLATFORM"):
            raise
        pytest.skip(str(error))


def ensure_image(client: docker.DockerClient, service: str | Path, *words: str, tag: str = "1", **options: str) -> str:
    """Make ``gonogo-test/<service>:<tag>`` of a service of the tests and return its name.

    Args:
        client: of the daemon.
        service: file in tests/platforms/services without its ending, or the path of another one.
        words: arguments of the entry point.
        tag: tells images of one service apart.
        options: further instructions of the Dockerfile, such as ``user="10001"``.
    """
    path = service if isinstance(service, Path) else SERVICES / f"{service}.py"
    name = f"gonogo-test/{path.stem}:{tag}"
    lines = [f"FROM {ensure_base(client)}", f"COPY {path.name} /", "ENV PYTHONUNBUFFERED=1"]
    lines += [f"{key.upper()} {value}" for key, value in options.items()]
    entry = ", ".join(f'"{word}"' for word in ("python3", f"/{path.name}", *words))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for inside, content in (
            ("Dockerfile", "\n".join([*lines, f"ENTRYPOINT [{entry}]"]).encode()),
            (path.name, path.read_bytes()),
        ):
            file = tarfile.TarInfo(inside)
            file.size = len(content)
            tar.addfile(file, io.BytesIO(content))
    packed.seek(0)
    client.images.build(fileobj=packed, custom_context=True, tag=name, rm=True)
    return name


def things(client: docker.DockerClient) -> set[str]:
    """Return the ids of every container, network and volume of a stack of this process, or of an owner that has ended.

    What living sessions beside this one have on the daemon is their own.
    """
    chosen = {"filters": {"label": STACK}}
    found = [
        *((each["Id"], each["Labels"]) for each in client.api.containers(all=True, **chosen)),
        *((each.id, each.attrs["Labels"]) for each in client.networks.list(**chosen)),
        *((each.id, each.attrs["Labels"]) for each in client.volumes.list(**chosen)),
    ]
    owners = ((identity, Owner.read(labels.get(OWNER, ""))) for identity, labels in found)
    return {identity for identity, owner in owners if owner is None or owner.gone or owner == Owner.here()}


def ensure_base(client: docker.DockerClient) -> str:
    """The base image; where no registry has it, one is made by debootstrap."""
    if client.images.list(BASE):
        return BASE
    try:
        client.images.pull(BASE)
    except docker.errors.APIError as error:
        _debootstrap(error)
    return BASE


def _debootstrap(why: Exception) -> None:
    script = Path(__file__).parents[2] / "scripts" / "base-image"
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        pytest.skip(f"no image {BASE} ({why}), and no debootstrap as root to make one (apt-get install debootstrap)")
    subprocess.run([str(script), BASE], check=True, timeout=300)

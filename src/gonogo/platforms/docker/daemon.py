"""The Docker daemon: reaching it, and its errors in words that say whose fault they are and what to do."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound

from gonogo.errors import AbsentPlatform, EnvironmentFault

__all__ = ["INSTALL", "connect", "explain", "told"]

INSTALL: Final = (
    "install Docker (Debian and Ubuntu: apt-get install docker.io), start its daemon (systemctl start docker, or"
    " dockerd as root) and let this user use it (group docker); or run with --gonogo-platform process"
)
_SOCKET: Final = "unix:///var/run/docker.sock"
_KNOCK_S = 10
_CALL_S = 60
_CONNECTIONS = 128
_FAULTS: Final = (
    # what the daemon says, what to do about it
    ("no space left on device", "make room on the disk of Docker: docker system prune, or remove files"),
    ("disk quota exceeded", "make room on the disk of Docker: docker system prune, or raise the quota"),
    ("non-overlapping ipv4 address pool", "remove networks that nobody uses: docker network prune"),
    ("no available ipv4 address", "run fewer replicas in one stack, or give Docker larger address pools"),
    ("address already in use", "stop what has the port"),
    ("port is already allocated", "stop what has the port"),
    ("cannot allocate memory", "free memory on this machine"),
)


def connect() -> docker.DockerClient:
    """Return a client of the daemon that ``DOCKER_HOST`` names, or of this machine's own.

    Raises:
        AbsentPlatform: there is no daemon that stacks can run on.
    """
    host = os.environ.get("DOCKER_HOST", "")
    if sys.platform != "linux":
        raise AbsentPlatform(
            f"the docker platform needs Linux, and this is {sys.platform}",
            mend="run gonogo on a Linux machine, or in a virtual one: it asks Pods at their own addresses",
        )
    if host and not host.startswith("unix://"):
        raise AbsentPlatform(
            f"the Docker daemon at {host} is not on this machine",
            where="DOCKER_HOST",
            mend="unset it, or name a unix:// socket: load goes to loopback addresses of this machine",
        )
    address = host or _SOCKET
    try:
        # Asked first in the plainest way: the client leaves its socket open where there is nobody.
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
            knock.settimeout(_KNOCK_S)
            knock.connect(address.removeprefix("unix://"))
        client = docker.DockerClient.from_env(timeout=_CALL_S, max_pool_size=_CONNECTIONS)
        kind = str(client.version().get("Os", ""))
    except (DockerException, requests.RequestException, OSError) as error:
        raise AbsentPlatform(f"no Docker daemon answers at {address}: {_cause(error)}", mend=INSTALL) from error
    if kind != "linux":
        client.close()
        raise AbsentPlatform(f"the Docker daemon runs {kind} containers", mend="switch it to Linux containers")
    return client


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Turn the daemon's errors inside the block into one message.

    Args:
        doing: what was being done, as in ``start the Pod shop/web/0``.

    Raises:
        EnvironmentFault: the daemon could not do it, or did not answer.
    """
    try:
        yield
    except ImageNotFound as error:
        raise EnvironmentFault(f"Docker could not {doing}: {explain(error)}", mend="build or pull the image") from error
    except APIError as error:
        said = explain(error)
        mend = next((mend for text, mend in _FAULTS if text in said.lower()), "see the log of the Docker daemon")
        raise EnvironmentFault(f"Docker could not {doing}: {said}", mend=mend) from error
    except requests.RequestException as error:
        raise EnvironmentFault(
            f"the Docker daemon did not answer when asked to {doing}: {_cause(error)}",
            mend="see whether it runs: docker info",
        ) from error


def explain(error: Exception) -> str:
    """Return what the daemon said, or why it said nothing, without the client's wrapping."""
    if isinstance(error, requests.RequestException) and not isinstance(error, APIError):
        return _cause(error)
    return str(getattr(error, "explanation", None) or error).strip().rstrip(".")


def _cause(error: BaseException) -> str:
    """The operating system's words at the bottom of a chain of wrapped errors."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, OSError) and current.strerror:
            return current.strerror.lower()
        inner = next((one for one in current.args if isinstance(one, BaseException)), None)
        reason = getattr(current, "reason", None)
        current = inner or (reason if isinstance(reason, BaseException) else None) or current.__context__
    return str(error)

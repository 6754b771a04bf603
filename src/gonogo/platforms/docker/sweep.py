"""Removing what stacks made in Docker: one stack's at its end, and those of sessions that died."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import docker
import requests
from docker.errors import APIError, NotFound

from gonogo.platforms.docker.labels import OWNER, ROLE, STACK, Owner

__all__ = ["left", "reap", "remove_stack"]

_AT_ONCE = 16
_GONE = (404, 409)  # removed already, or being removed by somebody else


def remove_stack(client: docker.DockerClient, stack: str) -> tuple[str, ...]:
    """Remove containers, networks and volumes of a stack.

    Returns:
        What could not be removed, with the daemon's reason.
    """
    chosen = {"filters": {"label": f"{STACK}={stack}"}}
    problems: list[str] = []
    try:
        containers = client.api.containers(all=True, **chosen)
        # Those that share a Pod's network go before the one that owns it.
        for owners in (False, True):
            group = [found for found in containers if (found["Labels"].get(ROLE) == "pod") is owners]
            problems += _each(
                {_container_name(found): partial(_remove_container, client, found["Id"]) for found in group}
            )
        problems += _each({f"network {found.name}": found.remove for found in client.networks.list(**chosen)})
        problems += _each({f"volume {found.name}": found.remove for found in client.volumes.list(**chosen)})
    except (requests.RequestException, APIError) as error:
        problems.append(f"the Docker daemon did not answer: {error}")
    return tuple(problems)


def _each(removals: Mapping[str, Callable[[], object]]) -> list[str]:
    """Do several removals at once; by the names of what is removed, and return what could not be done."""

    def one(name: str) -> str:
        try:
            removals[name]()
        except APIError as error:
            return "" if error.status_code in _GONE else f"{name}: {error.explanation or error}"
        return ""

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [text for text in pool.map(one, removals) if text]


def _remove_container(client: docker.DockerClient, identity: str) -> None:
    client.api.remove_container(identity, force=True, v=True)


def left(client: docker.DockerClient, stack: str = "") -> tuple[str, ...]:
    """Return the names of everything of a stack that is there (of all stacks without one)."""
    chosen = {"filters": {"label": f"{STACK}={stack}" if stack else STACK}}
    return (
        *(_container_name(found) for found in client.api.containers(all=True, **chosen)),
        *(f"network {found.name}" for found in client.networks.list(**chosen)),
        *(f"volume {found.name}" for found in client.volumes.list(**chosen)),
    )


def reap(client: docker.DockerClient) -> tuple[str, ...]:
    """Remove the stacks of owners that have ended; the ids of those stacks."""
    owners: dict[str, str] = {}
    chosen = {"filters": {"label": STACK}}
    found = [
        *(each["Labels"] for each in client.api.containers(all=True, **chosen)),
        *(each.attrs["Labels"] for each in client.networks.list(**chosen)),
        *(each.attrs["Labels"] for each in client.volumes.list(**chosen)),
    ]
    for labels in found:
        owners[labels[STACK]] = labels.get(OWNER, "")
    dead = [stack for stack, text in owners.items() if (owner := Owner.read(text)) is not None and owner.gone]
    for stack in dead:
        with suppress(NotFound):
            remove_stack(client, stack)
    return tuple(dead)


def _container_name(found: Mapping[str, Sequence[str]]) -> str:
    return f"container {str(next(iter(found['Names'] or ()), found['Id'])).lstrip('/')}"

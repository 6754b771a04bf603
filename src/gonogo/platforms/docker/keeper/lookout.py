"""Looks out for what others do to a stack: Pods whose network somebody stops or removes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import docker
import requests
from docker.errors import DockerException

from gonogo.platforms.docker.labels import REPLICA, ROLE, STACK
from gonogo.platforms.docker.spec import REMOVED

__all__ = ["Lookout"]


class Lookout:
    """Listens to the daemon's events. Made inside the running event loop.

    The containers that services run in are watched one by one; those that hold the Pods' networks end by nobody's will
    but gonogo's, and without them a service is out of reach through no fault of its own.

    Args:
        client: of the daemon.
        stack: id of the stack.
        problem: told of every Pod that has lost its network.
    """

    def __init__(self, client: docker.DockerClient, stack: str, problem: Callable[[str], None]) -> None:
        self._client = client
        self._stack = stack
        self._problem = problem
        self._loop = asyncio.get_running_loop()
        self._events: Any = None
        self._over = False

    def begin(self) -> None:
        """Listen from now on, in a thread that ends with :meth:`end` or with the daemon."""
        chosen = {"label": f"{STACK}={self._stack}", "type": "container", "event": "die"}
        with suppress(DockerException, requests.RequestException):  # a daemon that is gone is told by the containers
            self._events = self._client.events(decode=True, filters=chosen)
            threading.Thread(target=self._listen, name="lookout", daemon=True).start()

    def end(self) -> None:
        """Listen no longer: what ends from now on is ended by gonogo."""
        self._over = True
        if self._events is not None:
            self._events.close()

    def _listen(self) -> None:
        with suppress(DockerException, requests.RequestException, OSError, ValueError, AttributeError):  # closed
            for event in self._events:
                about = event["Actor"]["Attributes"]
                if about.get(ROLE) == "pod" and not self._over:
                    said = f"{about.get(REPLICA, about.get('name', ''))}: the network of the Pod {REMOVED}"
                    with suppress(RuntimeError):  # the keeper has ended
                        self._loop.call_soon_threadsafe(self._problem, said)

"""Attached: judge what already runs. Nothing is started, observed or hurt; load goes to the given addresses."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from gonogo.errors import StackError, UsageError
from gonogo.manifests.topology import Service, Topology
from gonogo.platforms.interface import Endpoint, Replica, ReplicaSample

__all__ = ["AttachedPlatform", "AttachedStack"]


@dataclass(frozen=True, slots=True)
class AttachedPlatform:
    """A place where everything runs already.

    Attributes:
        urls: Service (``name`` or ``namespace/name``) to the URL at which it answers, such as ``http://127.0.0.1:8000``.
    """

    urls: Mapping[str, str]
    name: str = "attached"

    def __post_init__(self) -> None:
        if not self.urls:
            raise UsageError("nothing is attached", mend="give --gonogo-attach SERVICE=URL")
        for service, url in self.urls.items():
            parts = urlsplit(url)
            if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/") or parts.query:
                raise UsageError(
                    f"{url!r} is no address of a Service",
                    where=f"--gonogo-attach {service}",
                    mend="write scheme, host and port only, such as http://127.0.0.1:8000",
                )

    def start(self, topology: Topology, *, workdir: Path, ready_timeout_s: float) -> AttachedStack:
        """Attach to the Services; each must accept a connection.

        Args:
            topology: names the Services that may be attached to; nothing else of it is used.
            workdir: not used.
            ready_timeout_s: how long a connection may take.

        Raises:
            UsageError: ``urls`` names a Service that the manifests do not declare.
            StackError: an address does not resolve or takes no connection.
        """
        del workdir
        found = {}
        for name, url in self.urls.items():
            service = topology.service(name)
            parts = urlsplit(url)
            found[f"{service.namespace}/{service.name}"] = _reachable(
                name, parts.hostname or "", parts.port or 80, min(ready_timeout_s, 10.0)
            )
        return AttachedStack(topology, found, self.urls)


class AttachedStack:
    """Services that run elsewhere, by ``namespace/name``."""

    def __init__(
        self, topology: Topology, endpoints: Mapping[str, tuple[Endpoint, ...]], urls: Mapping[str, str]
    ) -> None:
        self.topology = topology
        self._endpoints = endpoints
        self._urls = urls

    def endpoints(self, service: Service, port: int | str | None = None) -> tuple[Endpoint, ...]:
        """Return the addresses that ``service`` was attached at, whatever the port.

        Raises:
            StackError: it was not attached.
        """
        del port
        try:
            return self._endpoints[f"{service.namespace}/{service.name}"]
        except KeyError:
            raise StackError(
                "it is not attached", where=str(service), mend=f"add --gonogo-attach {service.name}=http://HOST:PORT"
            ) from None

    def replicas(self, service: str = "") -> tuple[Replica, ...]:
        """Return nothing: replicas of what runs elsewhere are not seen."""
        del service
        return ()

    def sample(self) -> Mapping[str, ReplicaSample]:
        """Return nothing: usage of what runs elsewhere is not seen."""
        return {}

    def reset_peaks(self) -> None:
        """Do nothing."""

    def kill(self, replica: str) -> None:
        """Refuse: gonogo hurts only what it started.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            "faults are not injected into an attached stack",
            where=replica,
            mend="run this test without --gonogo-attach, so that gonogo starts the stack itself",
        )

    def problems(self) -> tuple[str, ...]:
        """Return nothing: what happens elsewhere is not seen."""
        return ()

    def notes(self) -> tuple[str, ...]:
        """Say that the stack is not gonogo's own."""
        return tuple(
            f"{service} was attached at {url}: it was not brought up from the manifests, and its CPU, memory and "
            "restarts were not seen"
            for service, url in self._urls.items()
        )

    def stop(self) -> None:
        """Do nothing: it goes on running."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _reachable(name: str, host: str, port: int, timeout_s: float) -> tuple[Endpoint, ...]:
    """All addresses of ``host``, one of which takes a connection."""
    where = f"--gonogo-attach {name}"
    try:
        resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise StackError(
            f"{host} does not resolve: {error.strerror}", where=where, mend="mend the host name"
        ) from error
    try:
        socket.create_connection((host, port), timeout_s).close()
    except OSError as error:
        raise StackError(
            f"{host}:{port} takes no connection: {error}", where=where, mend="start the service"
        ) from error
    return tuple(dict.fromkeys(Endpoint(str(address[4][0]), port) for address in resolved))

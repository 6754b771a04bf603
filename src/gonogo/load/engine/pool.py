"""A pool: the connections to one origin, balanced over its addresses, and the requests that wait for one."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gonogo.load.engine.address import Address
from gonogo.load.engine.connection import Connection
from gonogo.load.engine.turn import Turn
from gonogo.load.target import Target

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = ["Pool", "pools_of", "unneeded"]

Origin = tuple[str, str, int, tuple[tuple[str, int], ...]]
"""Scheme, host, port and given endpoints: targets that agree in them share their connections."""


def _origin_of(target: Target) -> Origin:
    """Return the origin of a target."""
    parts = urlsplit(target.url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return (parts.scheme, parts.hostname or "", port, target.endpoints)


class Pool:
    """The connections to one origin.

    New connections go to the address that has the fewest; a request takes a free connection from the addresses in
    turn, and of one address the connection that was used last. Of the addresses that a name resolves to, one that
    refuses is passed over for another; given endpoints are not, for each of them is a replica that should answer.

    Attributes:
        host: the name in the URL, for the TLS certificate.
        context: how to speak TLS; None without.
        waiting: requests without a connection, in order of due time.
        opening: connections being opened, in the order in which they were begun.
        failure: the kind of failure of every request when there is no address to connect to.
        prompt: its answers come in several parts, or are large: they are read as they come.
    """

    __slots__ = ("_first", "_given", "addresses", "context", "failure", "host", "opening", "prompt", "waiting")

    def __init__(self, origin: Origin, context: SSLContext | None) -> None:
        _, self.host, port, endpoints = origin
        self.context = context
        self.waiting: deque[Turn] = deque()
        self.opening: dict[Connection, None] = {}
        self.failure = ""
        self.prompt = context is not None
        self._given = bool(endpoints)
        self.addresses: list[Address] = []
        for host, number in endpoints or ((self.host, port),):
            self._resolve(host, number)
        if not self.addresses:
            self.failure = "dns"
        self._first = 0

    def take(self) -> Connection | None:
        """Return a free connection, which is then not free any more; None when there is none."""
        addresses = self.addresses
        if len(addresses) == 1:
            free = addresses[0].free
            return free.pop() if free else None
        for _ in addresses:
            self._first = (self._first + 1) % len(addresses)
            free = addresses[self._first].free
            if free:
                return free.pop()
        return None

    @property
    def can_wait(self) -> bool:
        """Whether its answers may be read a moment later without any request being the later for it."""
        if self.prompt or self.waiting or self.opening:
            return False
        for address in self.addresses:  # noqa: SIM110 - asked for every request: a generator takes three times as long
            if address.free:
                return True
        return False

    def next_address(self) -> Address:
        """Return the address that has the fewest connections, and count one more there."""
        address = min(self.addresses, key=_count)
        address.count += 1
        return address

    def idle(self) -> Connection | None:
        """Return a connection that can be given up for another origin, the one unused for longest; None without one."""
        for address in self.addresses:
            if address.free:
                return address.free.pop(0)
        return None

    def avoid(self, address: Address) -> bool:
        """An address could not be reached: use others from now on. Return whether there is one to try in its place."""
        if self._given or len(self.addresses) < 2 or address not in self.addresses:  # noqa: PLR2004 - it and another
            return False
        self.addresses.remove(address)
        return True

    def _resolve(self, host: str, port: int) -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        for family, _, _, _, place in found[: 1 if self._given else None]:
            self.addresses.append(Address(family, place))


def pools_of(targets: Sequence[Target]) -> tuple[list[Pool], tuple[type[OSError], ...]]:
    """Return the pool of each target, and the errors with which their sockets say "not now"."""
    pools: dict[Origin, Pool] = {}
    blocked: tuple[type[OSError], ...] = (BlockingIOError,)
    for target in targets:
        origin = _origin_of(target)
        if origin in pools:
            continue
        context = None
        if origin[0] == "https":
            import ssl  # noqa: PLC0415 - slow to import: only a load with TLS pays for it

            blocked = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
            context = ssl.create_default_context()
            context.set_alpn_protocols(["http/1.1"])
        pools[origin] = Pool(origin, context)
    return [pools[_origin_of(target)] for target in targets], blocked


def unneeded(pools: Sequence[Pool], wanting: Pool) -> Connection | None:
    """Return a connection that another pool than ``wanting`` keeps without need; None without one."""
    for other in pools:
        if other is not wanting and (idle := other.idle()) is not None:
            return idle
    return None


def _count(address: Address) -> int:
    return address.count

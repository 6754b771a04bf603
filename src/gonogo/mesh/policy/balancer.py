"""How requests are spread over the replicas of a destination."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gonogo.errors import UsageError

__all__ = ["Algorithm", "Balancer", "HashKey", "HashSource"]


class Algorithm(StrEnum):
    """How a replica is chosen. Hashed ones keep the same key at the same replica."""

    ROUND_ROBIN = "round_robin"
    LEAST_REQUEST = "least_request"
    RANDOM = "random"
    RING_HASH = "ring_hash"
    MAGLEV = "maglev"


class HashSource(StrEnum):
    """What of a request is hashed."""

    HEADER = "header"
    COOKIE = "cookie"
    QUERY = "query"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class HashKey:
    """What of a request is hashed.

    Attributes:
        name: of the header, cookie or query parameter; empty for the client's address.
        ttl_s: a cookie that is missing is made with this life time (0 is the session's); None makes none.
        path: of a cookie that is made.
    """

    source: HashSource
    name: str = ""
    ttl_s: float | None = None
    path: str = ""

    def __post_init__(self) -> None:
        if bool(self.name) is (self.source is HashSource.ADDRESS):
            raise UsageError(f"a hash of {self.source} with the name {self.name!r}", mend="name all but the address")


@dataclass(frozen=True, slots=True)
class Balancer:
    """How a replica is chosen.

    Attributes:
        size: least size of the ring, or size of Maglev's table; None is the proxy's own.
    """

    algorithm: Algorithm = Algorithm.LEAST_REQUEST
    key: HashKey | None = None
    size: int | None = None

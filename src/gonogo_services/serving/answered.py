"""A request and its answer, for whoever watches an operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Answered"]


class Answered(NamedTuple):
    """One request and what it got. A named tuple, because one is made for every request that is watched.

    Attributes:
        method: HTTP method in capitals.
        path: the operation's path, a template when it has a key.
        key: the last part of the path as it was sent, when that is a key.
        headers: the request's headers, names in lower case.
        body: the request's body; empty when the operation takes none or it did not arrive whole.
        status: HTTP status of the answer; 499 when the client left before its request was whole.
        content: the answer's body, JSON without line breaks.
        took_ns: from the request's head until the answer was made, the wait for its body included.
    """

    method: str
    path: str
    key: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    status: int
    content: bytes
    took_ns: int

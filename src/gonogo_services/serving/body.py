"""Request bodies, read up to a limit and never beyond it."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from gonogo_services.serving.refusal import Refusal

__all__ = ["MAX_BODY_BYTES", "read_body"]

MAX_BODY_BYTES = 1 << 20

_TOO_LARGE = 413


async def read_body(scope: Scope, receive: Receive, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the body of the request.

    Raises:
        Refusal: 413; it is announced or turns out to be longer than ``limit`` bytes.
        ClientDisconnect: the client went away before the end of it.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise Refusal(_TOO_LARGE, "body", f"it has {int(value)} bytes; at most {limit} are taken")
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise Refusal(_TOO_LARGE, "body", f"it is longer than the {limit} bytes that are taken")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)

"""httpx transports that spread requests over the ready replicas of a Service, one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import httpx

from gonogo.platforms.interface import Endpoint

__all__ = ["AsyncSpreadingTransport", "SpreadingTransport"]

Resolve = Callable[[], Sequence[Endpoint]]


def _aim(request: httpx.Request, endpoint: Endpoint) -> None:
    """Send ``request`` to ``endpoint``; its Host header stays the Service's name."""
    request.url = request.url.copy_with(host=endpoint.host, port=endpoint.port)


class SpreadingTransport(httpx.HTTPTransport):
    """Sends each request to the next of the endpoints that ``resolve`` gives at that moment."""

    def __init__(self, resolve: Resolve) -> None:
        super().__init__()
        self._resolve = resolve
        self._turn = itertools.count()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        endpoints = self._resolve()
        _aim(request, endpoints[next(self._turn) % len(endpoints)])
        return super().handle_request(request)


class AsyncSpreadingTransport(httpx.AsyncHTTPTransport):
    """The same for asynchronous clients."""

    def __init__(self, resolve: Resolve) -> None:
        super().__init__()
        self._resolve = resolve
        self._turn = itertools.count()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        endpoints = self._resolve()
        _aim(request, endpoints[next(self._turn) % len(endpoints)])
        return await super().handle_async_request(request)

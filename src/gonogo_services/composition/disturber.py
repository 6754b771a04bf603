"""``python -m gonogo_services.composition.disturber``: stands before a service and misbehaves when it is told to.

For rehearsals of what a proxy does when a service behind it hangs, is late, fails or answers garbage. ``GET
/disturbance`` tells what it does, ``PUT /disturbance {"kind": "hang"}`` changes that. Whatever else it is asked goes to
``UPSTREAM`` and back; ``GET /health`` is answered as ever, so that the service stays in the answer of who is ready.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
from aiohttp import web

from gonogo_services.environment import Environment
from gonogo_services.program import exit_with
from gonogo_services.serving.settings import ServerSettings

__all__ = ["KINDS", "create_app"]

KINDS: Final = ("none", "hang", "late", "fail", "garbage")

# Not JSON, cut off, of another form, of other types, no probabilities, and nothing at all: each as a good answer.
_GARBAGE: Final = (
    b"<html>ok</html>",
    b'{"prediction": [0.9',
    b"[]",
    b'{"prediction": ["0.9", "0.1"]}',
    b'{"prediction": [0.9, 0.9]}',
    b'{"prediction": [NaN, 0.1]}',
    b"\xff\xfe",
    b"",
)
_LATE_S: Final = 1.5
_SESSION: Final = web.AppKey("session", aiohttp.ClientSession)
_HEADERS: Final = {"content-type": "application/json"}


class Disturbance:
    """What the disturber does now.

    Args:
        upstream: URL of the service behind it.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._kind = "none"
        self._garbage = itertools.cycle(_GARBAGE)
        self._changed = asyncio.Event()

    async def tell(self, _request: web.Request) -> web.Response:
        """Answer ``GET /disturbance``."""
        return web.json_response({"kind": self._kind})

    async def change(self, request: web.Request) -> web.Response:
        """Answer ``PUT /disturbance``; requests that hang are answered once it does something else."""
        try:
            kind = (await request.json())["kind"]
        except (ValueError, KeyError, TypeError):
            kind = None
        if kind not in KINDS:
            return web.json_response({"detail": f"give a kind: {', '.join(KINDS)}", "field": "kind"}, status=422)
        self._kind = kind
        self._changed.set()
        self._changed = asyncio.Event()
        return web.json_response({"kind": kind})

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Answer whatever else is asked, or disturb it."""
        body = await request.read()
        kind = self._kind if request.path != "/health" else "none"
        if kind == "garbage":
            return web.Response(body=next(self._garbage), headers=_HEADERS)
        if kind == "fail":
            return web.json_response({"detail": "disturbed", "field": ""}, status=500)
        if kind == "hang":
            await self._changed.wait()
        if kind == "late":
            await asyncio.sleep(_LATE_S)
        try:
            session = request.app[_SESSION]
            async with session.request(request.method, self._upstream + request.path_qs, data=body) as answer:
                return web.Response(body=await answer.read(), status=answer.status, headers=_HEADERS)
        except (aiohttp.ClientError, TimeoutError):
            return web.json_response({"detail": "the service behind it cannot be reached", "field": ""}, status=502)


def create_app(upstream: str) -> web.Application:
    """Return the disturber before the service at ``upstream``, ``http://host:port``."""
    disturbance = Disturbance(upstream)
    app = web.Application()
    app.router.add_get("/disturbance", disturbance.tell)
    app.router.add_put("/disturbance", disturbance.change)
    app.router.add_route("*", "/{path:.*}", disturbance.pass_on)
    app.cleanup_ctx.append(_session)
    return app


async def _session(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as app[_SESSION]:
        yield


def main() -> int:
    """Serve until told to stop and return the exit status."""
    environment = Environment(os.environ)
    server = ServerSettings.from_environment(environment)
    upstream = environment.required("UPSTREAM", "the service behind it, host:port")
    url = upstream if "://" in upstream else f"http://{upstream}"
    web.run_app(create_app(url), host=server.host, port=server.port, print=None, shutdown_timeout=1)
    return 0


if __name__ == "__main__":
    exit_with("disturber", main)

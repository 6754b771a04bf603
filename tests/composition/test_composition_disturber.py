"""The disturber: passes on what it is asked until it is told to misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from fixtures.patience import PATIENCE_S
from gonogo_services.composition.disturber import KINDS, create_app

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def disturbed() -> AsyncIterator[Client]:
    """A client of a disturber before a service that answers with what it was asked."""

    async def echo(request: web.Request) -> web.Response:
        return web.json_response({"path": request.path_qs, "body": (await request.read()).decode()})

    behind = web.Application()
    behind.router.add_route("*", "/{path:.*}", echo)
    async with TestServer(behind) as server:
        url = str(server.make_url("")).rstrip("/")
        async with TestClient(TestServer(create_app(url))) as client:
            yield client


async def told(client: Client, kind: str) -> int:
    """Tell the disturber what to do and return the status of its answer."""
    async with client.put("/disturbance", json={"kind": kind}) as answer:
        return answer.status


async def test_it_passes_everything_on(disturbed: Client) -> None:
    """Path, query and body reach the service, and its answer comes back."""
    async with disturbed.post("/predict?a=b", data=b"flower") as answer:
        assert await answer.json() == {"path": "/predict?a=b", "body": "flower"}


async def test_it_fails_when_told_and_is_healthy_all_the_while(disturbed: Client) -> None:
    """The service stays among those that are ready."""
    assert await told(disturbed, "fail") == 200
    async with disturbed.post("/predict") as failed, disturbed.get("/health") as healthy:
        assert (failed.status, healthy.status) == (500, 200)


async def test_garbage_is_a_good_answer_without_two_probabilities(disturbed: Client) -> None:
    """Every form of it comes with a 200, and none is what the proxy takes."""
    await told(disturbed, "garbage")
    for _ in range(8):
        async with disturbed.post("/predict") as answer:
            body = await answer.read()
        assert answer.status == 200
        try:
            found = json.loads(body)["prediction"]
            total = sum(found)
        except (ValueError, TypeError, KeyError):
            continue
        assert total != pytest.approx(1)


async def test_what_hangs_is_answered_once_it_is_over(disturbed: Client) -> None:
    """A request waits for as long as the disturbance lasts, and no longer."""
    await told(disturbed, "hang")
    waiting = asyncio.ensure_future(disturbed.post("/predict"))
    async with disturbed.get("/disturbance") as answer:
        assert await answer.json() == {"kind": "hang"}
    assert not waiting.done()
    await told(disturbed, "none")
    async with asyncio.timeout(PATIENCE_S), await waiting as late:
        assert late.status == 200


async def test_a_kind_that_there_is_not_is_refused(disturbed: Client) -> None:
    """The answer lists those that there are, and nothing changes."""
    async with disturbed.put("/disturbance", json={"kind": "explode"}) as answer:
        said = (await answer.json())["detail"]
    assert (answer.status, [kind for kind in KINDS if kind not in said]) == (422, [])
    async with disturbed.get("/disturbance") as answer:
        assert await answer.json() == {"kind": "none"}

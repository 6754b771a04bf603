"""The proxy's answers, with services in this process that fail as they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from fixtures.patience import PATIENCE_S
from gonogo_services.composition.administration import Administration, first_parameters
from gonogo_services.composition.app import create_app
from gonogo_services.composition.collection import Collection
from gonogo_services.composition.proxy import Proxy
from gonogo_services.composition.settings import ProxySettings
from gonogo_services.composition.switchboard import Switchboard
from tests.composition.sockets import Behaviour, listening

FLOWER = {"data": [[5.1, 3.5, 1.4, 0.2]]}
TOKEN = "a-token-for-these-tests"  # noqa: S105 - it opens nothing
ADMIN = {"authorization": f"Bearer {TOKEN}"}


def says(content: bytes) -> Behaviour:
    """Answer every request with ``content`` under status 200."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(content), content))

    return behaviour


sure = says(b'{"prediction": [0.99, 0.01]}')
garbage = says(b"<html>it works</html>")


async def hung(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Say nothing."""
    await reader.read()


async def gone(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hang up at once."""
    writer.transport.abort()


@asynccontextmanager
async def proxied(setosa: Behaviour, versicolor: Behaviour, **settings: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a proxy in this process before two services."""
    async with AsyncExitStack() as stack:
        values = {
            "SERVICE_SETOSA": await stack.enter_async_context(listening(setosa)),
            "SERVICE_VERSICOLOR": await stack.enter_async_context(listening(versicolor)),
            "DEADLINE_S": "60",
            "DEFAULT_TIMEOUT_S": "60",
            "ADMIN_TOKEN_ALICE": TOKEN,
            **settings,
        }
        proxy_settings = ProxySettings.from_environment(values)
        switchboard = Switchboard(first_parameters(proxy_settings, values, who="start", now_s=0.0))
        proxy = Proxy(proxy_settings, switchboard, collection := Collection(proxy_settings.collected_rows))
        app = create_app(proxy, Administration(proxy_settings, switchboard, collection, values))
        await stack.enter_async_context(proxy.lifespan(app))
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        yield await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://proxy"))


BAD = pytest.mark.parametrize("bad", [hung, gone, garbage], ids=["hung", "gone", "garbage"])


@BAD
@pytest.mark.parametrize(
    ("policy", "status", "answer"),
    [
        ("fail", 503, None),
        ("omit", 200, {"setosa": 1, "omitted": ["versicolor"]}),
        ("default", 200, {"setosa": 1, "versicolor": 0}),
    ],
)
async def test_the_policy_holds_for_every_request_while_a_service_fails(
    bad: Behaviour, policy: str, status: int, answer: dict[str, Any] | None
) -> None:
    """Of forty requests at once, none gets anything else."""
    async with proxied(sure, bad, DEFAULT_POLICY=policy, TIMEOUT_S_VERSICOLOR="0.2") as client:
        answers = await asyncio.gather(*(client.post("/predict", json=FLOWER) for _ in range(40)))
    assert {one.status_code for one in answers} == {status}
    if answer is not None:
        assert [one.json() for one in answers] == [answer] * 40
    else:
        assert {one.json()["field"] for one in answers} == {"versicolor"}


async def test_a_default_is_told_in_a_header() -> None:
    """Whoever wants to know can tell a measured 0 from a policy's."""
    async with proxied(sure, gone, DEFAULT_POLICY="default") as client:
        answer = await client.post("/predict", json=FLOWER)
    assert answer.headers["defaulted"] == "versicolor"


@BAD
async def test_a_deactivated_service_neither_delays_nor_fails_an_answer(bad: Behaviour) -> None:
    """More requests than its queue takes are answered well although it never answers one; the rest is dropped."""
    async with proxied(sure, bad, ACTIVATE_VERSICOLOR="0") as client:
        answers = await asyncio.gather(*(client.post("/predict", json=FLOWER) for _ in range(400)))
    assert [one.json() for one in answers] == [{"setosa": 1}] * 400


async def test_a_service_that_is_not_collected_is_not_asked() -> None:
    """COLLECT_<NAME>=0 ends the calls."""
    asked = False

    async def noticing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked = True

    async with proxied(sure, noticing, ACTIVATE_VERSICOLOR="0", COLLECT_VERSICOLOR="0") as client:
        await client.post("/predict", json=FLOWER)
        await client.get("/health/all")
        asked_by_health, asked = asked, False
        await client.post("/predict", json=FLOWER)
        collected = (await client.get("/collected", headers=ADMIN)).json()
    assert asked_by_health
    assert not asked
    assert (collected["total"], collected["dropped"]) == (0, 0)


async def test_a_service_that_is_down_is_ng() -> None:
    """GET /health/all tells which one it is, and is itself 200."""
    async with proxied(says(b"{}"), gone) as client:
        assert (await client.get("/health/all")).json()["versicolor"] == "ng"


async def test_an_excluded_input_is_422_with_the_rules_name() -> None:
    """The services are not asked about it; at the limit it is not excluded."""
    async with proxied(sure, sure, EXCLUDE_GIANT="sepal_length > 30.1") as client:
        excluded = await client.post("/predict", json={"data": [[30.2, 1, 1, 1]]})
        taken = await client.post("/predict", json={"data": [[30.1, 1, 1, 1]]})
    assert (excluded.status_code, taken.status_code) == (422, 200)
    assert "rule giant" in excluded.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"flower", 400),
        (b"\xff", 400),
        (b"[]", 422),
        (b'{"data": []}', 422),
        (b'{"data": [[1, 2, 3]]}', 422),
        (b'{"data": [[1, 2, 3, "4"]]}', 422),
        (b'{"data": [[1, 2, 3, NaN]]}', 422),
        (b'{"data": [[1, 2, 3, 4], [1, 2, 3, 4]]}', 422),
        (b" " * 2_000_000, 413),
    ],
)
async def test_a_body_that_is_no_flower_is_the_clients_fault(body: bytes, status: int) -> None:
    """The services are never asked, and the answer says what is wrong."""
    async with proxied(hung, hung) as client:
        answer = await client.post("/predict", content=body)
    assert answer.status_code == status
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": TOKEN},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": f"Basic {TOKEN}"},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("PATCH", "/parameters"), ("GET", "/collected")])
async def test_nobody_without_a_token_is_admitted(headers: dict[str, str], method: str, path: str) -> None:
    """401 with the challenge, and nothing changes."""
    async with proxied(sure, sure) as client:
        answer = await client.request(method, path, json={"ACTIVATE_SETOSA": 0}, headers=headers)
        label = (await client.get("/label")).json()
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="admin"')
    assert "setosa" in label


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"THRESHOLD_SETOSA": 1.5},
        {"THRESHOLD_SETOSA": 0.5, "ACTIVATE_VERSICOLOR": 2},
        {"ACTIVATE_SETOSA": True},
        {"ACTIVATE_ROSE": 0},
        {"SERVICE_SETOSA": "elsewhere:1"},
        {"DEFAULT_THRESHOLD": 0.5},
        ["ACTIVATE_SETOSA"],
    ],
)
async def test_a_change_that_cannot_be_made_changes_nothing(body: object) -> None:
    """422, and the version is what it was, also when a part of it could have been made."""
    async with proxied(sure, sure) as client:
        answer = await client.patch("/parameters", json=body, headers=ADMIN)
        assert answer.status_code == 422
        assert (await client.get("/parameters")).json()["version"] == 1


async def test_a_threshold_holds_for_the_next_request() -> None:
    """0.99 is below 0.995, and reaches 0.99."""
    async with proxied(sure, sure) as client:
        answers = []
        for threshold in (0.995, 0.99):
            await client.patch("/parameters", json={"THRESHOLD_SETOSA": threshold}, headers=ADMIN)
            answers.append((await client.post("/predict", json=FLOWER)).json()["setosa"])
    assert answers == [0, 1]


async def test_a_request_under_way_does_not_answer_with_a_service_stopped_meanwhile() -> None:
    """The stop switch holds for it too."""
    release = asyncio.Event()
    begun = asyncio.Event()

    async def waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await release.wait()
        await sure(reader, writer)

    async with proxied(sure, waiting) as client:
        under_way = asyncio.create_task(client.post("/predict", json=FLOWER))
        async with asyncio.timeout(PATIENCE_S):
            await begun.wait()
        await client.patch("/parameters", json={"ACTIVATE_VERSICOLOR": 0}, headers=ADMIN)
        release.set()
        assert (await under_way).json() == {"setosa": 1}

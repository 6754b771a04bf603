"""Operations that wait for others to answer them: asynchronous, with headers and a body limit of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import pydantic_core
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gonogo_services.serving.body import MAX_BODY_BYTES, read_body
from gonogo_services.serving.operation import Operation, problem
from gonogo_services.serving.refusal import Problem, Refusal
from gonogo_services.serving.service import Service

__all__ = ["Exchange", "ExchangeService", "Question", "Reply"]

_JSON = "application/json"
_CLIENT_CLOSED_REQUEST = 499  # nginx's number for it; nobody is left to read the answer
_FAULT = 500
_STOPPING = 503
_TOO_LARGE = 413

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """What a client sent: its headers (names in lower case) and the body, empty when the exchange takes none."""

    headers: Sequence[tuple[bytes, bytes]]
    query: bytes
    body: bytes

    def header(self, name: bytes) -> bytes:
        """Return the first header called ``name`` (lower case), or nothing."""
        return next((value for key, value in self.headers if key == name), b"")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client gets: something that JSON can say, a status and further headers (names in lower case)."""

    content: Any
    status: int = 200
    headers: Sequence[tuple[bytes, bytes]] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A method on a fixed path, answered asynchronously.

    Attributes:
        method: HTTP method in capitals.
        summary: one sentence for the documentation.
        answer: returns the reply; may raise Refusal.
        response: type of the good answer, for the documentation.
        request: type of the body, without models inside it, for the documentation; None: it takes none and reads none.
        refusals: HTTP status to meaning of every other answer; a body adds 413.
        schema: JSON schema of the body where it says more than ``request`` does.
        limit_bytes: longest body that is read.
        extra: more of the operation's OpenAPI object, such as its parameters.
    """

    method: str
    path: str
    summary: str
    answer: Callable[[Question], Awaitable[Reply]]
    response: Any
    request: type[BaseModel] | None = None
    refusals: Mapping[int, str] = field(default_factory=dict)
    limit_bytes: int = MAX_BODY_BYTES
    schema: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Return the reply with its content in bytes; no exception leaves it."""
        try:
            body = b"" if self.request is None else await read_body(scope, receive, self.limit_bytes)
            reply = await self.answer(Question(scope["headers"], scope["query_string"], body))
            return Reply(pydantic_core.to_json(reply.content), reply.status, reply.headers)
        except Refusal as refusal:
            return Reply(problem(str(refusal), refusal.field), refusal.status)
        except ClientDisconnect:
            return Reply(b"", _CLIENT_CLOSED_REQUEST)
        except asyncio.CancelledError:
            # The server cancels what is still under way when its grace time is over, and then ends.
            return Reply(problem("the service is stopping", ""), _STOPPING)
        except Exception:
            logger.exception("%s %s failed", self.method, self.path)
            return Reply(problem("the service failed to answer; its log says why", ""), _FAULT)


class ExchangeService(Service):
    """A service with exchanges beside its operations.

    Args:
        title: name of the service.
        description: what it is for.
        operations: what it answers at once.
        exchanges: what it waits for.
        lifespan: opens and closes, in each worker, what belongs to the worker's event loop.
    """

    def __init__(
        self,
        title: str,
        description: str,
        operations: Sequence[Operation],
        exchanges: Sequence[Exchange],
        lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
    ) -> None:
        super().__init__(title, description, operations, lifespan)
        self._exchanges = {(exchange.method, exchange.path): exchange for exchange in exchanges}
        for exchange in exchanges:
            self._document_exchange(exchange)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        exchange = self._exchanges.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if exchange is None:
            await super().__call__(scope, receive, send)
            return
        reply = await exchange.respond(scope, receive)
        length = (b"content-length", b"%d" % len(reply.content))
        headers = [(b"content-type", _JSON.encode()), length, *reply.headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.content})

    def _document_exchange(self, exchange: Exchange) -> None:
        meanings = dict(exchange.refusals)
        extra = dict(exchange.extra)
        if exchange.request is not None:
            meanings[_TOO_LARGE] = f"The body is longer than {exchange.limit_bytes} bytes."
            schema = exchange.schema or exchange.request.model_json_schema()
            extra["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
        self.add_api_route(
            exchange.path,
            _endpoint(exchange),
            methods=[exchange.method],
            summary=exchange.summary,
            response_model=exchange.response,
            responses={status: {"model": Problem, "description": text} for status, text in sorted(meanings.items())},
            openapi_extra=extra,
        )


def _endpoint(exchange: Exchange) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        reply = await exchange.respond(request.scope, request.receive)
        return Response(reply.content, reply.status, media_type=_JSON)

    return endpoint

"""A service as an ASGI application: FastAPI with a short way to its operations.

FastAPI documents the operations (``/openapi.json``), answers unknown paths and methods, and could run them too. Its
middleware, routing and dependency injection cost twice what such an operation itself does, so that a request which
names an operation, exactly or up to its key, is answered before they begin.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gonogo_services.serving.body import MAX_BODY_BYTES
from gonogo_services.serving.operation import Operation, problem
from gonogo_services.serving.refusal import Problem

__all__ = ["Service"]

_JSON = "application/json"
_JSON_HEADER = (b"content-type", _JSON.encode())
_NOT_FOUND = 404
_TOO_LARGE = 413
_UNPROCESSABLE = 422


class Service(FastAPI):
    """A FastAPI application that answers ``operations``.

    Args:
        title: name of the service.
        description: what it is for.
        operations: what it does.
        lifespan: opens and closes, in each worker, what belongs to the worker's process or event loop.
    """

    def __init__(
        self,
        title: str,
        description: str,
        operations: Sequence[Operation],
        lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
    ) -> None:
        super().__init__(
            title=title,
            description=description,
            lifespan=lifespan,
            # The interactive pages load scripts from elsewhere; /openapi.json is enough.
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
        )
        self._operations = {(each.method, each.path): each for each in operations if each.key is None}
        self._keyed = {(each.method, _stem(each.path)): each for each in operations if each.key is not None}
        for operation in operations:
            self._document(operation)
        self.add_exception_handler(HTTPException, _refuse_route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        operation, key = None, b""
        if scope["type"] == "http":
            operation = self._operations.get((scope["method"], scope["path"]))
            if operation is None and self._keyed:
                # As it was sent: a slash that is written as %2F belongs to the key and is refused as a part of it.
                stem, _, key = scope.get("raw_path", b"").rpartition(b"/")
                operation = self._keyed.get((scope["method"], stem))
        if operation is None:
            await super().__call__(scope, receive, send)
            return
        status, content = await operation.respond(scope, receive, key)
        headers = [_JSON_HEADER, (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _document(self, operation: Operation) -> None:
        refusals = dict(operation.refusals)
        extra: dict[str, Any] = {}
        if operation.request is not None:
            refusals[_TOO_LARGE] = f"The body is longer than {MAX_BODY_BYTES} bytes."
            schema = operation.request.model_json_schema()
            extra["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
        if operation.key is not None:
            refusals.setdefault(_UNPROCESSABLE, f"The {operation.key.name} is not as it must be.")
            extra["parameters"] = [operation.key.documentation()]
        self.add_api_route(
            operation.path,
            _endpoint(operation),
            methods=[operation.method],
            summary=operation.summary,
            operation_id=re.sub(r"\W", "_", f"{operation.method.lower()}{operation.path}"),
            response_model=operation.response,
            responses={status: {"model": Problem, "description": text} for status, text in sorted(refusals.items())},
            openapi_extra=extra,
        )


def _stem(path: str) -> bytes:
    return path.rpartition("/")[0].encode()


def _endpoint(operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        key = "" if operation.key is None else request.path_params[operation.key.name]
        status, content = await operation.respond(request.scope, request.receive, quote(key).encode())
        return Response(content, status, media_type=_JSON)

    return endpoint


def _refuse_route(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    where = "path" if error.status_code == _NOT_FOUND else "method"
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return Response(problem(detail, where), error.status_code, error.headers, media_type=_JSON)

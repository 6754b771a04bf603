"""A service as an ASGI application: FastAPI with a short way to its operations.

FastAPI documents the operations (``/openapi.json``), answers unknown paths and methods, and could run them too. Its
middleware, routing and dependency injection cost twice what such an operation itself does, so that a request which
names an operation exactly is answered before they begin.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

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


class Service(FastAPI):
    """A FastAPI application that answers ``operations``.

    Args:
        title: name of the service.
        description: what it is for.
        operations: what it does.
    """

    def __init__(self, title: str, description: str, operations: Sequence[Operation]) -> None:
        # The interactive pages load scripts from elsewhere; /openapi.json is enough.
        super().__init__(title=title, description=description, docs_url=None, redoc_url=None, redirect_slashes=False)
        self._operations = {(operation.method, operation.path): operation for operation in operations}
        for operation in operations:
            self._document(operation)
        self.add_exception_handler(HTTPException, _refuse_route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        operation = self._operations.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if operation is None:
            await super().__call__(scope, receive, send)
            return
        status, content = await operation.respond(scope, receive)
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
        self.add_api_route(
            operation.path,
            _endpoint(operation),
            methods=[operation.method],
            summary=operation.summary,
            operation_id=f"{operation.method.lower()}{operation.path.replace('/', '_')}",
            response_model=operation.response,
            responses={status: {"model": Problem, "description": text} for status, text in sorted(refusals.items())},
            openapi_extra=extra,
        )


def _endpoint(operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        status, content = await operation.respond(request.scope, request.receive)
        return Response(content, status, media_type=_JSON)

    return endpoint


def _refuse_route(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    where = "path" if error.status_code == _NOT_FOUND else "method"
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return Response(problem(detail, where), error.status_code, error.headers, media_type=_JSON)

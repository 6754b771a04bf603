"""One thing that a service does: a method on a path, from the bytes of the request to the bytes of the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any

import pydantic_core
from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from gonogo_services.serving.answered import Answered
from gonogo_services.serving.body import read_body
from gonogo_services.serving.path_key import PathKey
from gonogo_services.serving.refusal import Refusal

__all__ = ["Operation", "problem"]

_OK = 200
_CLIENT_CLOSED_REQUEST = 499  # nginx's number for it; nobody is left to read the answer
_FAULT = 500
_STOPPING = 503

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on a path that is fixed, or whose last part is a key.

    Attributes:
        method: HTTP method in capitals.
        path: such as ``/predict``, or ``/predict/{job_id}`` with a key called ``job_id``.
        summary: one sentence for the documentation.
        answer: returns what JSON can say for the body of a request (empty when ``request`` is None), or, with a key,
            for the key and the body; may raise Refusal.
        response: type of the answer, for the documentation.
        request: type of the body, for the documentation; None: the operation takes none and reads none.
        refusals: HTTP status to meaning of every refusal that ``answer`` may raise; a body adds 413, a key 422.
        key: what the last part of the path is; None: the path is fixed.
        watch: gets every answer just before it is sent; it must neither wait nor fail.
    """

    method: str
    path: str
    summary: str
    answer: Callable[..., Any]
    response: Any
    request: type[BaseModel] | None = None
    refusals: Mapping[int, str] = field(default_factory=dict)
    key: PathKey | None = None
    watch: Callable[[Answered], None] | None = None

    async def respond(self, scope: Scope, receive: Receive, key: bytes = b"") -> tuple[int, bytes]:
        """Return the status and the JSON that answer the request; no exception leaves it.

        Args:
            scope: the request.
            receive: gives its body.
            key: the last part of its path as it was sent, when that is a key.
        """
        begun_ns = perf_counter_ns()
        body = b""
        try:
            if self.request is not None:
                body = await read_body(scope, receive)
            answer = self.answer(body) if self.key is None else self.answer(self.key.read(key), body)
            status, content = _OK, pydantic_core.to_json(answer)
        except Refusal as refusal:
            status, content = refusal.status, problem(str(refusal), refusal.field)
        except ClientDisconnect:
            status, content = _CLIENT_CLOSED_REQUEST, b""
        except asyncio.CancelledError:
            # The server cancels what is still under way when its grace time is over, and then ends.
            status, content = _STOPPING, problem("the service is stopping", "")
        except Exception:
            logger.exception("%s %s failed", self.method, self.path)
            status, content = _FAULT, problem("the service failed to answer; its log says why", "")
        if self.watch is not None:
            took_ns = perf_counter_ns() - begun_ns
            self.watch(Answered(self.method, self.path, key, scope["headers"], body, status, content, took_ns))
        return status, content


def problem(detail: str, where: str) -> bytes:
    """Return the body of an error answer."""
    return pydantic_core.to_json({"detail": detail, "field": where})

"""One thing that a service does: a method on a path, from the bytes of the request to the bytes of the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pydantic_core
from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from gonogo_services.serving.body import read_body
from gonogo_services.serving.refusal import Refusal

__all__ = ["Operation", "problem"]

_OK = 200
_CLIENT_CLOSED_REQUEST = 499  # nginx's number for it; nobody is left to read the answer
_FAULT = 500
_STOPPING = 503

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on a fixed path.

    Attributes:
        method: HTTP method in capitals.
        summary: one sentence for the documentation.
        answer: returns what JSON can say for the body of a request (empty when ``request`` is None); may raise
            Refusal.
        response: type of the answer, for the documentation.
        request: type of the body, for the documentation; None: the operation takes none and reads none.
        refusals: HTTP status to meaning of every refusal that ``answer`` may raise; a body adds 413.
    """

    method: str
    path: str
    summary: str
    answer: Callable[[bytes], Any]
    response: Any
    request: type[BaseModel] | None = None
    refusals: Mapping[int, str] = field(default_factory=dict)

    async def respond(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        """Return the status and the JSON that answer the request; no exception leaves it."""
        try:
            body = b"" if self.request is None else await read_body(scope, receive)
            return _OK, pydantic_core.to_json(self.answer(body))
        except Refusal as refusal:
            return refusal.status, problem(str(refusal), refusal.field)
        except ClientDisconnect:
            return _CLIENT_CLOSED_REQUEST, b""
        except asyncio.CancelledError:
            # The server cancels what is still under way when its grace time is over, and then ends.
            return _STOPPING, problem("the service is stopping", "")
        except Exception:
            logger.exception("%s %s failed", self.method, self.path)
            return _FAULT, problem("the service failed to answer; its log says why", "")


def problem(detail: str, where: str) -> bytes:
    """Return the body of an error answer."""
    return pydantic_core.to_json({"detail": detail, "field": where})

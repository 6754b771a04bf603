"""Requests that are answered with a client error, and the body that every error answer has."""

from __future__ import annotations

from pydantic import BaseModel

__all__ = ["Problem", "Refusal"]


class Problem(BaseModel):
    """The body of every error answer: a sentence, and the part of the request that it is about."""

    detail: str
    field: str


class Refusal(Exception):
    """A request that is answered with a client error.

    Args:
        status: HTTP status, 400 to 499.
        field: the part of the request that is wrong, such as ``data[3][1]`` or ``body``.
        reason: what is wrong with it.
    """

    def __init__(self, status: int, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.status = status
        self.field = field

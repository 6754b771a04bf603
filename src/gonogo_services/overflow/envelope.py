"""A request as it is kept until it has been answered, and the answer as it is kept after that."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Answer", "Envelope"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A request that was accepted.

    Attributes:
        target: path with query, as it was sent.
        accepted_s: when, seconds since 1970.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    accepted_s: float

    def to_bytes(self) -> bytes:
        """Return it as JSON, the body in base64."""
        return _to_bytes(self)

    @classmethod
    def from_bytes(cls, text: bytes) -> Envelope:
        """Return what :meth:`to_bytes` made."""
        return cls(**_from_bytes(text))


@dataclass(frozen=True, slots=True)
class Answer:
    """How a job ended.

    Attributes:
        status: the upstream's; 0 when it never answered.
        reason: why the job failed; empty when it did not.
        attempts: requests that were sent to the upstream.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    accepted_s: float
    finished_s: float
    attempts: int
    reason: str = ""

    def to_bytes(self) -> bytes:
        """Return it as JSON, the body in base64."""
        return _to_bytes(self)

    @classmethod
    def from_bytes(cls, text: bytes) -> Answer:
        """Return what :meth:`to_bytes` made."""
        return cls(**_from_bytes(text))


def _to_bytes(value: Envelope | Answer) -> bytes:
    fields = asdict(value)
    return json.dumps({**fields, "body": base64.b64encode(value.body).decode()}).encode()


def _from_bytes(text: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(text)
    return {**fields, "body": base64.b64decode(fields["body"])}

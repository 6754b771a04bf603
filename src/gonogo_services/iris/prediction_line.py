"""A prediction as one line of JSON; docs/services.md has the fields."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pydantic_core

from gonogo_services.iris.flower import SAMPLE
from gonogo_services.iris.predictions import JOB
from gonogo_services.serving.answered import Answered
from gonogo_services.serving.prediction_log import Noted
from gonogo_services.serving.refusal import Refusal

__all__ = ["REQUEST_ID", "PredictionLine", "lost_line"]

REQUEST_ID: Final = b"x-request-id"

_OK = 200


@dataclass(frozen=True, slots=True)
class PredictionLine:
    """Makes lines for the answers of one model.

    Attributes:
        model: file name of the model.
        model_sha256: SHA-256 of the model.
        headers: names, in lower case, of the request headers that lines have besides the request id.
    """

    model: str
    model_sha256: str
    headers: Sequence[str] = ()

    def __call__(self, noted: Noted) -> bytes:
        """Return the line, without its line break."""
        answered = noted.answered
        sent = {name.decode("ascii"): value.decode("latin-1") for name, value in answered.headers}
        facts: dict[str, Any] = {
            "time": _time(noted.at_ns),
            "worker": os.getpid(),
            "sequence": noted.sequence,
            "request_id": sent.get(REQUEST_ID.decode()),
            "job_id": _job_id(answered),
            "method": answered.method,
            "path": answered.path,
            "status": answered.status,
            "latency_s": answered.took_ns / 1e9,
            "model": self.model,
            "model_sha256": self.model_sha256,
            "headers": {name: sent.get(name) for name in self.headers},
            "input": _rows(answered) if answered.status == _OK else None,
        }
        # The answer is JSON in one line already.
        return pydantic_core.to_json(facts)[:-1] + b',"answer":' + (answered.content or b"null") + b"}"


def lost_line(count: int) -> bytes:
    """Return the line that tells of ``count`` predictions without a line."""
    return pydantic_core.to_json({"time": _time(), "worker": os.getpid(), "lost": count})


def _rows(answered: Answered) -> Any:  # noqa: ANN401 - whatever numbers the client sent
    return pydantic_core.from_json(answered.body)["data"] if answered.body else [SAMPLE]


def _job_id(answered: Answered) -> str | None:
    try:
        return JOB.read(answered.key) if answered.key else None
    except Refusal:
        return None


def _time(at_ns: int | None = None) -> str:
    at = datetime.now(UTC) if at_ns is None else datetime.fromtimestamp(at_ns / 1e9, UTC)
    return at.isoformat(timespec="microseconds")

"""One attempt to have a job answered, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from gonogo_services.overflow.envelope import Envelope

__all__ = ["Again", "End", "Reply", "ask", "decide"]

_BUSY: Final = frozenset({429, 502, 503, 504})
_FAULT: Final = 500
_KEPT_HEADERS: Final = ("content-type", "content-encoding", "x-request-id")
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of an attempt: an answer, or why there is none (``failure``)."""

    status: int = 0
    headers: Mapping[str, str] | None = None
    body: bytes = b""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """Try again in ``delay_s`` seconds."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class End:
    """No further attempt; ``reason`` says why the job failed, empty when it did not."""

    reason: str = ""


def ask(client: httpx.Client, envelope: Envelope) -> Reply:
    """Send the request of ``envelope`` and return what came of it; no exception leaves this."""
    try:
        answer = client.request(
            envelope.method, envelope.target, headers=dict(envelope.headers), content=envelope.body or None
        )
    except httpx.TimeoutException:
        return Reply(failure="the service did not answer in time")
    except httpx.HTTPError as error:
        return Reply(failure=f"the service could not be reached: {error}")
    headers = {name: answer.headers[name] for name in (*_KEPT_HEADERS, "retry-after") if name in answer.headers}
    # httpx has decoded the body already.
    headers.pop("content-encoding", None)
    return Reply(answer.status_code, headers, answer.content)


def decide(reply: Reply, *, attempt: int, age_s: float, retries: int, deadline_s: float) -> Again | End:
    """Return what to do after a reply.

    Args:
        reply: of the upstream.
        attempt: which one it was, from 1.
        age_s: seconds since the job was accepted.
        retries: further attempts after an answer of 500 and above that does not say "busy".
        deadline_s: age after which there is no further attempt.
    """
    busy = bool(reply.failure) or reply.status in _BUSY
    if not busy and reply.status < _FAULT:
        return End()
    said = reply.failure or f"the service answered {reply.status}"
    if not busy and attempt > retries:
        return End(f"{said}, {attempt} times")
    delay_s = _delay_s(reply, attempt)
    if age_s + delay_s > deadline_s:
        return End(f"{said}, and the job's deadline of {deadline_s:g} s is near")
    return Again(delay_s)


def _delay_s(reply: Reply, attempt: int) -> float:
    """Twice as long each time, or as long as the service asks for (RFC 9110, 10.2.3, in seconds), within bounds."""
    wait_s = min(_FIRST_WAIT_S * 2.0 ** min(attempt - 1, 10), _LONGEST_WAIT_S)
    asked = (reply.headers or {}).get("retry-after", "")
    return min(max(wait_s, float(asked)), _LONGEST_WAIT_S) if asked.isdecimal() else wait_s

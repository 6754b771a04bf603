"""A target made ready to send: its bytes, and how its answers are accepted."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from gonogo.load.checks import Expectation, HasStatus
from gonogo.load.target import Target

__all__ = ["ACCEPTED", "REFUSED", "WRONG", "Request", "render"]

ACCEPTED, REFUSED, WRONG = range(3)
"""An answer is a success; has a status that is none; or fails a check that ``expect=`` named."""

_OWN_HEADERS = (("User-Agent", "gonogo"), ("Accept", "*/*"))
_URL_SIGNS = "%/:?#[]@!$&'()*+,;=~"
_MOST_REMEMBERED = 1024
_LARGEST_REMEMBERED = 8192


class Request:
    """One target as the engine sends it.

    Attributes:
        number: the target's place in the plan.
        payload: the whole request.
        head_only: the answer has no body, whatever its head says (HEAD).
        needs_body: its checks read the body or headers, so they are collected.
    """

    __slots__ = ("_checks", "_headers", "_judged", "_statuses", "head_only", "needs_body", "number", "payload")

    def __init__(self, number: int, target: Target) -> None:
        self.number = number
        self.payload = render(target)
        self.head_only = target.method == "HEAD"
        statuses = [set(check.statuses) for check in target.expect if isinstance(check, HasStatus)]
        self._statuses = set.intersection(*statuses) if statuses else None
        self._checks: tuple[Expectation, ...] = tuple(c for c in target.expect if not isinstance(c, HasStatus))
        self._headers = any(check.needs_headers for check in self._checks)
        self.needs_body = any(check.needs_body or check.needs_headers for check in self._checks)
        self._judged: dict[tuple[int, bytes], int] = {}

    def accept(self, status: int, headers: Mapping[str, str], body: bytes) -> int:
        """Return ACCEPTED, REFUSED or WRONG for an answer.

        Checks depend on nothing but the answer, so the result for an equal answer is remembered.
        """
        if self._statuses is None:
            if not 200 <= status < 400:  # noqa: PLR2004 - the statuses that are a success
                return REFUSED
        elif status not in self._statuses:
            return WRONG
        if not self._checks:
            return ACCEPTED
        if self._headers or len(body) > _LARGEST_REMEMBERED:
            return self._judge(status, headers, body)
        key = (status, body)
        verdict = self._judged.get(key)
        if verdict is None:
            verdict = self._judge(status, headers, body)
            if len(self._judged) < _MOST_REMEMBERED:
                self._judged[key] = verdict
        return verdict

    def _judge(self, status: int, headers: Mapping[str, str], body: bytes) -> int:
        return ACCEPTED if all(check.check(status, headers, body) for check in self._checks) else WRONG


def render(target: Target) -> bytes:
    """Return the request's bytes as HTTP/1.1 (RFC 9112).

    Host, User-Agent, Accept, Authorization (of a user in the URL) and Content-Length are added unless given.
    """
    parts = urlsplit(target.url)
    path = quote(parts.path or "/", safe=_URL_SIGNS) + (
        f"?{quote(parts.query, safe=_URL_SIGNS)}" if parts.query else ""
    )
    lines = [f"{target.method} {path} HTTP/1.1"]
    given = {name.lower() for name, _ in target.headers}
    if "host" not in given:
        name = (parts.hostname or "").encode("ascii" if (parts.hostname or "").isascii() else "idna").decode()
        host = f"[{name}]" if ":" in name else name
        default = {"http": 80, "https": 443}[parts.scheme]
        lines.append(f"Host: {host}" if parts.port in (None, default) else f"Host: {host}:{parts.port}")
    if parts.username is not None and "authorization" not in given:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Authorization: Basic {b64encode(user.encode()).decode()}")
    lines.extend(f"{name}: {value}" for name, value in _OWN_HEADERS if name.lower() not in given)
    lines.extend(f"{name}: {value}" for name, value in target.headers)
    framed = "content-length" in given or "transfer-encoding" in given
    if not framed and (target.body or target.method in ("POST", "PUT", "PATCH")):
        lines.append(f"Content-Length: {len(target.body)}")
    return "\r\n".join([*lines, "", ""]).encode() + target.body

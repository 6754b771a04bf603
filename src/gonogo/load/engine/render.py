"""A target's request as HTTP/1.1 (RFC 9112): its bytes, or the template of its bytes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit

from gonogo.load.target import Target
from gonogo.load.template import Draw, Part, compile_text, form_text, form_url, split

__all__ = ["Renderer", "render"]

_OWN_HEADERS = (("User-Agent", "gonogo"), ("Accept", "*/*"))
_URL_SIGNS = "%/:?#[]@!$&'()*+,;=~"

Fill = Callable[[Draw], str]


class Renderer:
    """The bytes of a target's requests.

    Attributes:
        fixed: the whole request where all requests are equal; None where each is filled anew.
    """

    __slots__ = ("_body", "_head", "_measured", "fixed")

    def __init__(self, target: Target) -> None:
        given = {name.lower() for name, _ in target.headers}
        framed = "content-length" in given or "transfer-encoding" in given
        self._measured = not framed and bool(target.body or target.method in ("POST", "PUT", "PATCH"))
        self._head = _joined(_head(target, given))
        body_parts = target.body_parts
        self._body: list[str | Fill] | bytes = target.body
        if len(body_parts) > 1:
            self._body = compile_text(body_parts, target.data, form_text, as_json=target.sends_json)
        elif body_parts and isinstance(body_parts[0], str):
            self._body = body_parts[0].encode()  # places that were escaped are not any more
        self.fixed: bytes | None = None
        if isinstance(self._body, bytes) and all(isinstance(part, str) for part in self._head):
            self.fixed = self._bytes("".join(part for part in self._head if isinstance(part, str)), self._body)

    def filled(self, draw: Draw) -> bytes:
        """Return the whole request that a draw makes."""
        body = self._body if isinstance(self._body, bytes) else _fill(self._body, draw).encode(errors="replace")
        return self._bytes(_fill(self._head, draw), body)

    def _bytes(self, head: str, body: bytes) -> bytes:
        length = f"Content-Length: {len(body)}\r\n" if self._measured else ""
        return f"{head}{length}\r\n".encode(errors="replace") + body


def render(target: Target) -> bytes:
    """Return the bytes of a target whose requests are all equal.

    Host, User-Agent, Accept, Authorization (of a user in the URL) and Content-Length are added unless given.
    """
    fixed = Renderer(target).fixed
    assert fixed is not None  # noqa: S101 - the caller's promise
    return fixed


def _head(target: Target, given: set[str]) -> list[str | Fill]:
    """Return the request line and the headers, without Content-Length."""
    parts = urlsplit(target.url)
    made: list[str | Fill] = [f"{target.method} ", *_url(target, split(parts.path or "/"))]
    if parts.query:
        made += ["?", *_url(target, split(parts.query))]
    made.append(" HTTP/1.1\r\n")
    if "host" not in given:
        name = (parts.hostname or "").encode("ascii" if (parts.hostname or "").isascii() else "idna").decode()
        host = f"[{name}]" if ":" in name else name
        default = {"http": 80, "https": 443}[parts.scheme]
        made.append(f"Host: {host}\r\n" if parts.port in (None, default) else f"Host: {host}:{parts.port}\r\n")
    if parts.username is not None and "authorization" not in given:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        made.append(f"Authorization: Basic {b64encode(user.encode()).decode()}\r\n")
    made += [f"{name}: {value}\r\n" for name, value in _OWN_HEADERS if name.lower() not in given]
    for name, value in target.headers:
        made += [*compile_text(split(f"{name}: {value}"), target.data, form_text), "\r\n"]
    return made


def _url(target: Target, template: tuple[Part, ...]) -> list[str | Fill]:
    quoted = [quote(part, safe=_URL_SIGNS) if isinstance(part, str) else part for part in template]
    return compile_text(quoted, target.data, form_url)


def _joined(parts: list[str | Fill]) -> list[str | Fill]:
    """Return the parts with neighbouring texts made one."""
    made: list[str | Fill] = []
    for part in parts:
        last = made[-1] if made else None
        if isinstance(part, str) and isinstance(last, str):
            made[-1] = last + part
        else:
            made.append(part)
    return made


def _fill(parts: list[str | Fill], draw: Draw) -> str:
    return "".join([part if isinstance(part, str) else part(draw) for part in parts])

"""Reading answers: what httptools' parser calls, and what it cannot know by itself.

The parser (llhttp) frames HTTP/1.1: lengths, chunks, trailers, 1xx, 204 and 304. Three things it leaves to its user:
an answer to HEAD has no body, a body without a length ends with the connection, and nothing may follow an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import httptools

__all__ = [
    "LONGEST_HEAD",
    "SWITCHING",
    "Answer",
    "BodyAnswer",
    "CollectedAnswer",
    "HeadAnswer",
    "Wanted",
    "ends_with_connection",
]

LONGEST_HEAD: Final = 256 * 1024
"""A head that is longer, in bytes, is no HTTP of a service in its right mind."""

_FRAMED: Final = re.compile(rb"^(content-length|transfer-encoding)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_SMALLEST_FINAL: Final = 200
SWITCHING: Final = 101
"""The status of an answer that leaves HTTP, which the engine never asks for."""


class Answer:
    """The answers of one connection, one after the other; the parser calls it.

    Attributes:
        complete: the current answer has been read to its end.
        excess: something followed it that nobody asked for.
        status: its status, once complete.
        keep: whether the connection can be used again.
        body: its body, where it is collected.
        headers: its headers with lower-case names, where they are collected.
        taken: how it was taken, where that is known already.
    """

    __slots__ = ("body", "complete", "excess", "headers", "keep", "parser", "status", "taken")

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.headers: dict[str, str] = {}
        self.begin()

    def begin(self) -> None:
        """Make ready for the answer to the next request."""
        self.complete = False
        self.excess = False
        self.body = b""
        self.taken: tuple[int, tuple[tuple[int, int], ...]] | None = None

    def on_message_complete(self) -> None:
        """Take note that an answer is complete; one that is only informational (1xx) is passed over."""
        parser = self.parser
        status = parser.get_status_code()
        if self.complete:
            self.excess = True
        elif status >= _SMALLEST_FINAL or status == SWITCHING:
            self.complete = True
            self.status = status
            self.keep = parser.should_keep_alive()

    def end(self, head: bytes) -> None:
        """The connection ended inside an answer that began with ``head``: perhaps that is how its body ends."""
        if ends_with_connection(head):
            self.complete = True
            self.status = self.parser.get_status_code()
            self.keep = False

    def release(self) -> None:
        """Let go of the parser: the two hold each other, and the engine runs without a garbage collector."""
        del self.parser


class BodyAnswer(Answer):
    """Answers whose bodies are kept for checks or further columns."""

    __slots__ = ("_parts",)

    def begin(self) -> None:
        """Make ready for the answer to the next request."""
        self.complete = False
        self.excess = False
        self.taken = None
        self._parts: list[bytes] = []

    def on_body(self, part: bytes) -> None:
        """Keep a part of the body."""
        self._parts.append(part)

    def on_message_complete(self) -> None:
        """Take note that an answer is complete, and put its body together."""
        super().on_message_complete()
        if self.complete:
            parts = self._parts
            self.body = parts[0] if len(parts) == 1 else b"".join(parts)
        else:
            self._parts = []

    def end(self, head: bytes) -> None:
        """The connection ended inside an answer."""
        super().end(head)
        self.body = b"".join(self._parts)


class Wanted(dict[bytes, str]):
    """The headers to be kept: their names in lower case by the names that servers write; empty for the others."""

    def __init__(self, names: Iterable[str] | None) -> None:
        super().__init__()
        self._names = None if names is None else frozenset(names)

    def __missing__(self, name: bytes) -> str:
        key = name.decode("latin-1").lower()
        self[name] = key = key if self._names is None or key in self._names else ""
        return key


class CollectedAnswer(BodyAnswer):
    """Answers whose wanted headers are kept too.

    Attributes:
        wanted: which these are; set for each request.
    """

    __slots__ = ("wanted",)
    wanted: Wanted

    def begin(self) -> None:
        """Make ready for the answer to the next request."""
        super().begin()
        self.headers = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; several of the same name are joined as RFC 9110 section 5.2 has it."""
        key = self.wanted[name]
        if key:
            text = value.decode("latin-1")
            self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_message_complete(self) -> None:
        """Take note that an answer is complete; the headers of one that is only informational are passed over."""
        super().on_message_complete()
        if not self.complete:
            self.headers = {}


class HeadAnswer(CollectedAnswer):
    """The answer to one HEAD request: complete with its head. The parser is then of no further use."""

    __slots__ = ()

    def on_headers_complete(self) -> None:
        """Take note that the answer is complete."""
        super().on_message_complete()

    def on_message_complete(self) -> None:
        """Pass over what the parser takes for the body's end."""


def ends_with_connection(head: bytes) -> bool:
    """Return whether the body after ``head`` ends where the connection does (RFC 9112 section 6.3, rule 8).

    Args:
        head: the answer from its first byte on, as far as it is kept; informational answers may stand before it.
    """
    while head.startswith(b"HTTP/1.") and head[9:10] == b"1":
        head = head.partition(b"\r\n\r\n")[2]
    fields, found, _ = head.partition(b"\r\n\r\n")
    return bool(found) and _FRAMED.search(fields) is None

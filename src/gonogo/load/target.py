"""A target: what one request is, and which answers are right."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from gonogo.errors import TargetError
from gonogo.load.expect import Expectation, expectation

__all__ = ["Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of request.

    Attributes:
        method: HTTP method, upper case.
        url: absolute http or https URL.
        headers: in the order in which they are sent. Host, Content-Length and Connection are the engine's unless given.
        body: the request's body.
        weight: share of the requests, relative to the other targets of the run.
        name: what criteria and reports call it; ``POST /predict`` by default.
        expect: what an answer must be to be a success; without any, a status of 200 to 399.
        endpoints: addresses (host, port) to balance connections over in place of the URL's host; empty: resolve it.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    weight: float = 1.0
    name: str = ""
    expect: tuple[Expectation, ...] = ()
    endpoints: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise TargetError(f"{self.url!r} is no absolute URL", mend="write http://host:port/path")
        try:
            parts.port  # noqa: B018 - urlsplit checks the port only when asked for it
        except ValueError as error:
            raise TargetError(f"{self.url!r} has no usable port", mend="write a port from 1 to 65535") from error
        if not self.method.isascii() or not self.method.isalpha() or self.method != self.method.upper():
            raise TargetError(f"{self.method!r} is no HTTP method", mend="write it in capitals, such as GET or POST")
        if not 0 < self.weight < float("inf"):
            raise TargetError(f"weight {self.weight} is not above 0", where=self.url)
        for key, value in self.headers:
            if not key or any(c in key + value for c in "\r\n\0") or ":" in key:
                raise TargetError(f"{key!r}: {value!r} is no header", where=self.url, mend="write 'Name: value'")
        if not self.name:
            object.__setattr__(self, "name", f"{self.method} {parts.path or '/'}")

    @classmethod
    def build(
        cls,
        method: str,
        url: str,
        *,
        json: object = None,
        body: bytes | str = b"",
        headers: Mapping[str, str] | None = None,
        expect: object = None,
        weight: float = 1.0,
        name: str = "",
        endpoints: Sequence[tuple[str, int]] = (),
    ) -> Target:
        """Make a target as suites write it: ``json=`` sets body and content type, ``expect=`` is read by expectation().

        Raises:
            TargetError: a part of it cannot be used, or both ``json`` and ``body`` are given.
        """
        sent = dict(headers or {})
        data = body.encode() if isinstance(body, str) else body
        if json is not None:
            if data:
                raise TargetError("both json= and body= are given", where=url, mend="give one of them")
            data = jsonlib.dumps(json).encode()
            if not any(key.lower() == "content-type" for key in sent):
                sent["Content-Type"] = "application/json"
        return cls(
            method=method.upper(),
            url=url,
            headers=tuple(sent.items()),
            body=data,
            weight=weight,
            name=name,
            expect=expectation(expect),
            endpoints=tuple(endpoints),
        )

    def weighing(self, weight: float) -> Target:
        """Return this target with another weight."""
        return replace(self, weight=weight)

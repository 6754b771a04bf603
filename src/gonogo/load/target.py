"""A target: what one request is, and which answers are right."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from gonogo.errors import TargetError
from gonogo.load.dataset import DataSet, data_set
from gonogo.load.expect import Expectation, expectation
from gonogo.load.extract import Extraction, extractions
from gonogo.load.sizes import Sizes, sizes
from gonogo.load.template import Part, Place, form_text, split, value_of

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
        extract: further columns of the run, from answers and from what filled the templates.
        data: rows for the places ``{row.NAME}`` of path, headers and body, taken in turn.
        users: how many users the places ``{user}`` tell apart.
        size: sizes of the places ``{filler}``; without a body, the body is filler.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    weight: float = 1.0
    name: str = ""
    expect: tuple[Expectation, ...] = ()
    endpoints: tuple[tuple[str, int], ...] = ()
    extract: tuple[Extraction, ...] = ()
    data: DataSet | None = None
    users: int = 1000
    size: Sizes | None = None

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
        if self.users < 1:
            raise TargetError(f"{self.users} users", where=self.url, mend="have at least one")
        if self.size is not None and not self.body:
            object.__setattr__(self, "body", b"{filler}")
        self._check_templates()
        if not self.name:
            object.__setattr__(self, "name", f"{self.method} {parts.path or '/'}")

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Where its connections lead: its endpoints, or without any the host and port of its URL."""
        parts = urlsplit(self.url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        return self.endpoints or ((parts.hostname or "", port),)

    @property
    def sends_json(self) -> bool:
        """Whether the body is JSON by the target's own headers."""
        return any(key.lower() == "content-type" and "json" in value.lower() for key, value in self.headers)

    @property
    def body_parts(self) -> tuple[Part, ...]:
        """The body as a template; empty for a body that is no UTF-8."""
        try:
            return split(self.body.decode())
        except UnicodeDecodeError:
            return ()

    @property
    def places(self) -> tuple[Place, ...]:
        """All places that each request fills anew, in URL, headers, body and further columns."""
        parts = (*split(self.url), *self._header_parts, *self.body_parts, *(one.place for one in self.extract))
        return tuple(part for part in parts if isinstance(part, Place))

    @property
    def _header_parts(self) -> tuple[Part, ...]:
        return tuple(part for header in self.headers for text in header for part in split(text))

    def _check_templates(self) -> None:
        parts = urlsplit(self.url)
        if any(isinstance(part, Place) for part in split(parts.netloc)):
            raise TargetError(f"{parts.netloc!r} is filled anew", where=self.url, mend="fill path, headers and body")
        for place in self.places:
            if place.word == "filler" and self.size is None:
                raise TargetError("{filler} without a size", where=self.url, mend="give size=, such as '4KiB'")
            value_of(place, self.data)
        for part in self._header_parts:
            if isinstance(part, Place) and part.name and self.data is not None:
                column = self.data.place(part.name)
                if any(sign in form_text(row[column]) for row in self.data.rows for sign in "\r\n\0"):
                    raise TargetError(f"a row's {part.name!r} has a line break", where=self.url, mend="mend the row")

    @classmethod
    def build(  # noqa: PLR0913 - keyword-only options that suites write
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
        extract: Mapping[str, str] | None = None,
        data: object = None,
        users: int = 1000,
        size: object = None,
    ) -> Target:
        """Make a target as suites write it.

        Args:
            method: HTTP method.
            url: absolute URL; like headers and body, a template (gonogo.load.template).
            json: sent as JSON, with its content type.
            body: sent as it is.
            headers: further headers.
            expect: what an answer must be to be a success (gonogo.load.expect).
            weight: share of the requests, relative to the other targets of a run.
            name: what criteria and reports call it; ``METHOD /path`` by default.
            endpoints: addresses in place of the URL's host.
            extract: further columns by name, such as ``{"mode": "$.mode"}`` (gonogo.load.extract).
            data: rows for ``{row.NAME}``: a list of mappings, or the path of a .csv or .jsonl file.
            users: how many users ``{user}`` tells apart.
            size: sizes of ``{filler}``, such as ``"1KiB..64KiB"`` (gonogo.load.sizes).

        Raises:
            TargetError: a part of it cannot be used, or both ``json`` and ``body`` are given.
        """
        sent = dict(headers or {})
        content = body.encode() if isinstance(body, str) else body
        if json is not None:
            if content:
                raise TargetError("both json= and body= are given", where=url, mend="give one of them")
            content = jsonlib.dumps(json).encode()
            if not any(key.lower() == "content-type" for key in sent):
                sent["Content-Type"] = "application/json"
        return cls(
            method=method.upper(),
            url=url,
            headers=tuple(sent.items()),
            body=content,
            weight=weight,
            name=name,
            expect=expectation(expect),
            endpoints=tuple(endpoints),
            extract=extractions(extract),
            data=None if data is None else data_set(data),
            users=users,
            size=None if size is None else sizes(size),
        )

    def weighing(self, weight: float) -> Target:
        """Return this target with another weight."""
        return replace(self, weight=weight)

"""Rewriting what a container was told: names of Services, the Pod's own host, and mount paths.

A container has a resolver and a file system of its own. A plain process has neither, so the texts that name them
are rewritten: environment values, arguments, ConfigMap and Secret files. Only whole tokens are touched: the Service
``iris`` is never seen inside ``iris_svc.onnx``, ``iris-svc`` or ``/models/iris``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["POD_HOSTS", "Rewriter", "Rewritten", "names_a_host"]

POD_HOSTS = ("0.0.0.0", "127.0.0.1", "localhost", "[::]", "[::1]")  # noqa: S104 - names to replace, not to bind
"""What means the Pod itself inside a Pod."""

_WHOLE_POD_HOSTS = frozenset({"::", "::1"})  # elsewhere in a text two colons are a separator
_HOST_WORDS = frozenset(
    {
        "addr", "address", "addresses", "backend", "backends", "bind", "broker", "brokers",
        "connect", "dsn", "endpoint", "endpoints", "host", "hostname", "hosts", "listen",
        "master", "peer", "peers", "proxy", "server", "servers", "service", "services",
        "target", "upstream", "upstreams", "uri", "url", "urls",
    }
)  # fmt: skip
_WORD_EDGE = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_KEY_BEFORE = re.compile(r"([A-Za-z_-][\w.-]*)[\"']?\s*[=:\s]\s*[\"'\[]?$")
_URL_BEFORE = re.compile(r"(?:^|[:\s\"'=,;(])//(?:[^/\s@\"']*@)?$")
_PORT_AFTER = re.compile(r":(?:\d{1,5}(?![\w.-])|[$%{])")
_USER_INFO_AFTER = re.compile(r"(?::[^/\s@\"']*)?@")
_BEFORE_HOST = frozenset(" \t\r\n\"'`=,;(<[{|@:")


def names_a_host(key: str) -> bool:
    """Whether a variable, flag or field called ``key`` holds a host: ``MYSQL_SERVER``, ``--db-host``, ``baseUrl``."""
    return any(word.lower() in _HOST_WORDS for word in _WORD_EDGE.split(key))


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text after rewriting.

    Attributes:
        hosts: the names that were replaced.
        left: names of Services that stood alone where nothing says that a host is meant, and were left.
    """

    text: str
    hosts: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rewriter:
    """What to replace by what.

    Attributes:
        hosts: name to address.
        hinted: those of ``hosts`` that could as well be plain words (``iris``, ``api.batch``): standing alone they are
            replaced only under a key that names a host; with a port or in a URL they always are.
        paths: mount path to folder or file on this machine.
    """

    hosts: Mapping[str, str] = field(default_factory=dict)
    hinted: frozenset[str] = frozenset()
    paths: Mapping[str, str] = field(default_factory=dict)

    def apply(self, text: str, key: str = "") -> Rewritten:
        """Return ``text`` with every whole host name and mount path replaced, the longest first, in one pass.

        Args:
            text: an environment value, an argument, the content of a file.
            key: what the text belongs to: the variable's name, the flag before the argument.
        """
        if text in _WHOLE_POD_HOSTS and "[::]" in self.hosts:
            return Rewritten(self.hosts["[::]"], frozenset({text}))
        if self._tokens is None:
            return Rewritten(str(text))  # a plain str, whatever subclass came in
        seen: set[str] = set()
        left: set[str] = set()

        def replace(match: re.Match[str]) -> str:
            if (path := match["path"]) is not None:
                return self.paths[path]
            name = match["host"]
            meant = self._means_host(name, text, match.start(), match.end(), key)
            if meant is None:
                left.add(name)
            elif meant:
                seen.add(name)
                return self.hosts[name]
            return name

        return Rewritten(str(self._tokens.sub(replace, text)), frozenset(seen), frozenset(left))

    def _means_host(self, name: str, text: str, start: int, end: int, key: str) -> bool | None:
        """Whether the token is a host; None when it may be a plain word and nothing tells."""
        before, after = text[:start], text[end:]
        in_url = _URL_BEFORE.search(before) is not None
        if not in_url and before and before[-1] not in _BEFORE_HOST:
            return False
        if _USER_INFO_AFTER.match(after):
            return False
        if in_url or _PORT_AFTER.match(after):
            return True
        if after[:1] in ("/", ":"):
            return False
        if name not in self.hinted:
            return True
        found = _KEY_BEFORE.search(before)
        hinted = names_a_host(key) or (found is not None and names_a_host(found[1]))
        return True if hinted else None

    @cached_property
    def _tokens(self) -> re.Pattern[str] | None:
        host = _alternatives(self.hosts)
        path = _alternatives(self.paths)
        if not host and not path:
            return None
        # "(?!)" never matches: it keeps both groups present when one side is empty.
        return re.compile(
            rf"(?:(?<![\w.~%$/)\]}}-])|(?<=file://))(?P<path>{path or '(?!)'})(?![\w-]|\.\w)"
            rf"|(?<![\w.%-])(?P<host>{host or '(?!)'})(?![\w%-]|\.[\w-])"
        )


def _alternatives(tokens: Iterable[str]) -> str:
    return "|".join(re.escape(token) for token in sorted(tokens, key=lambda token: (-len(token), token)))

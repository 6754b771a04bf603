"""Filters of an HTTPRoute: header changes, mirrors, redirects and rewrites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gonogo.manifests.host import Host
from gonogo.manifests.shape import Fields
from gonogo.mesh.policy.action import Redirect, Rewrite
from gonogo.mesh.policy.destination import Destination, Mirror
from gonogo.mesh.policy.header import HeaderChange

__all__ = ["answers", "changes", "mirrors", "redirect", "rewrite"]

_PERCENT: Final = 100


def answers(filters: Sequence[Fields]) -> bool:
    """Whether a filter answers the request, so that it is not forwarded."""
    return any("requestRedirect" in one for one in filters)


def changes(filters: Sequence[Fields], name: str) -> HeaderChange:
    """Return what the filters called ``name`` change."""
    given = [one[name] for one in filters if name in one]
    return HeaderChange(
        set=tuple(_pair(entry) for one in given for entry in one.get("set", ())),
        add=tuple(_pair(entry) for one in given for entry in one.get("add", ())),
        remove=tuple(entry for one in given for entry in one.get("remove", ())),
    )


def mirrors(filters: Sequence[Fields], namespace: str) -> list[Mirror]:
    """Return the mirrors among the filters; without percent or fraction all requests are copied."""
    found = []
    for one in filters:
        if "requestMirror" not in one:
            continue
        mirror = one["requestMirror"]
        reference = mirror.get("backendRef", {})
        fraction = mirror.get("fraction")
        share = mirror.get("percent", _PERCENT) / _PERCENT
        if fraction:
            share = min(1.0, fraction.get("numerator", 0) / fraction.get("denominator", _PERCENT))
        host = Host(reference.get("namespace") or namespace, reference.get("name", ""))
        found.append(Mirror(Destination(host, reference.get("port")), share))
    return found


def redirect(filters: Sequence[Fields]) -> Redirect:
    """Return the redirect among the filters; there must be one."""
    fields = next(one["requestRedirect"] for one in filters if "requestRedirect" in one)
    path = fields.get("path", {})
    return Redirect(
        path=path.get("replaceFullPath") if path.get("type") == "ReplaceFullPath" else None,
        prefix=path.get("replacePrefixMatch") if path.get("type") == "ReplacePrefixMatch" else None,
        authority=fields.get("hostname", ""),
        scheme=fields.get("scheme", ""),
        port=fields.get("port"),
        keep_port="port" not in fields and "scheme" not in fields,
        status=fields.get("statusCode", 302),
    )


def rewrite(filters: Sequence[Fields]) -> Rewrite | None:
    """Return the rewrite among the filters."""
    fields = next((one["urlRewrite"] for one in filters if "urlRewrite" in one), None)
    if not fields:
        return None
    path = fields.get("path", {})
    prefix = path.get("replacePrefixMatch") if path.get("type") == "ReplacePrefixMatch" else None
    return Rewrite(
        # An empty prefix is the root: a path never loses its first slash.
        prefix=prefix if prefix is None else prefix.removesuffix("/") or "/",
        full=path.get("replaceFullPath") if path.get("type") == "ReplaceFullPath" else None,
        authority=fields.get("hostname", ""),
    )


def _pair(fields: Fields) -> tuple[str, str]:
    return fields.get("name", ""), fields.get("value", "")

"""``match`` of a VirtualService's route.

An empty comparison, and the regular expression ``*``, mean that the field is there at all: istiod renders both as
Envoy's present_match.
"""

from __future__ import annotations

from gonogo.manifests.shape import Fields
from gonogo.mesh.policy.match import Kind, Match, NamedMatch, StringMatch

__all__ = ["match"]


def match(fields: Fields) -> Match:
    """Return the conditions of one entry of ``match``."""
    headers = [NamedMatch(name, _compared(value)) for name, value in fields.get("headers", {}).items()]
    without = [NamedMatch(name, _compared(value), absent=True) for name, value in _without(fields)]
    return Match(
        uri=_compared(fields["uri"]) if fields.get("uri") else None,
        ignore_uri_case=fields.get("ignoreUriCase", False),
        method=_compared(fields["method"]) if fields.get("method") else None,
        authority=_compared(fields["authority"]) if fields.get("authority") else None,
        headers=tuple(sorted((*headers, *without), key=lambda entry: (entry.name, entry.absent))),
        query=tuple(NamedMatch(name, _compared(value)) for name, value in fields.get("queryParams", {}).items()),
        port=fields.get("port"),
        name=fields.get("name", ""),
    )


def _without(fields: Fields) -> list[tuple[str, Fields]]:
    return list(fields.get("withoutHeaders", {}).items())


def _compared(fields: Fields | None) -> StringMatch:
    given = fields or {}
    if "exact" in given:
        return StringMatch(Kind.EXACT, given["exact"])
    if "prefix" in given:
        return StringMatch(Kind.PREFIX, given["prefix"])
    if given.get("regex", "*") != "*":
        return StringMatch(Kind.REGEX, given["regex"])
    return StringMatch(Kind.PRESENT)
